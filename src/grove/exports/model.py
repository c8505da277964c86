"""What an export is. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from grove.search import Mode, Question

RETENTION_HOURS = 24
EXPORTS_KEPT_MAX = 50
"""How many exports one principal may have at a time."""


class ExportForm(StrEnum):
    """How an export is written: one JSON object a line, or a table."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An export: `question` is what is asked.

    When it is written, `rows` and `size_bytes` are known, `repositories` are those whose lines are in it, and
    `truth_line` says what was searched, what was not, and which limits were hit.
    """

    id: str
    tenant_id: str
    requested_by: str
    question: dict[str, Any]
    form: ExportForm
    rows: int | None
    size_bytes: int | None
    repositories: tuple[str, ...]
    truth_line: str | None
    limits_hit: tuple[str, ...]
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime


def written_question(question: Question) -> dict[str, Any]:
    """A question as it is kept: all that decides what is found."""
    return {
        "text": question.text,
        "mode": question.mode.value,
        "repositories": list(question.repositories),
        "revisions": list(question.revisions),
        "paths": list(question.paths),
        "languages": list(question.languages),
        "asked_at": question.asked_at.isoformat(),
    }


def read_question(kept: dict[str, Any]) -> Question:
    """The question that was kept."""
    return Question(
        text=kept["text"],
        mode=Mode(kept["mode"]),
        repositories=tuple(kept["repositories"]),
        revisions=tuple(kept["revisions"]),
        paths=tuple(kept["paths"]),
        languages=tuple(kept["languages"]),
        asked_at=datetime.fromisoformat(kept["asked_at"]),
        wants_all=True,
    )
