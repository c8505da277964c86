"""Which action each move of a repository's states takes; `tests/repositories/test_rights.py` proves it."""

from enum import StrEnum
from typing import Final

from grove.repositories import Approval, Clone, Index, Lifecycle

_TO: Final[dict[tuple[str, str], str]] = {
    ("approval", Approval.PENDING): "repository.connect",
    ("approval", Approval.APPROVED): "repository.approve",
    ("approval", Approval.REJECTED): "repository.reject",
    ("approval", Approval.REVOKED): "repository.revoke",
    ("clone", Clone.REMOVING): "repository.remove",
    ("index", Index.NONE): "repository.archive",
    ("lifecycle", Lifecycle.ACTIVE): "repository.archive",
    ("lifecycle", Lifecycle.ARCHIVED): "repository.archive",
    ("lifecycle", Lifecycle.COLD): "repository.archive",
    ("lifecycle", Lifecycle.DELETED): "repository.remove",
}


def action_of_move(field: str, present: StrEnum, wanted: StrEnum) -> str:
    """The action that whoever brings a move about must be allowed."""
    if (field, present, wanted) == ("lifecycle", Lifecycle.COLD, Lifecycle.ACTIVE):
        return "repository.sync"  # whoever may have it fetched may warm it up
    return _TO.get((field, wanted), "repository.sync")
