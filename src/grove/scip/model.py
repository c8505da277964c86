"""An uploaded index of symbols."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipIndex:
    """The precise symbols of a repository at a commit. `documents_left_out` are no files of that commit."""

    name: str
    tenant_id: str
    repository_id: str
    commit: str
    tool: str
    documents: int
    documents_left_out: int
    symbols: int
    occurrences: int
    stored_bytes: int
    uploaded_at: datetime
