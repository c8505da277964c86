"""An index of symbols, uploaded or made here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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


class MakingState(StrEnum):
    """What came of the last attempt to make an index here."""

    NONE = ""
    """There was none."""
    MADE = "made"
    NOTHING = "nothing"
    """The commit has no file that an indexer could index."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Whether indexes of a repository are made here, and what came of the last attempt.

    `tools` are the indexers with their versions, `reason` is why something could not be made, `log` their last words.
    """

    wanted: bool = False
    state: MakingState = MakingState.NONE
    commit: str = ""
    tools: str = ""
    reason: str = ""
    log: str = ""
    finished_at: datetime | None = None
