"""The four fields of a repository's life, move by move."""

from dataclasses import replace
from enum import StrEnum

import pytest

from grove.repositories import (
    Approval,
    Clone,
    Index,
    Lifecycle,
    NotAllowedNow,
    Repository,
    clone_status_of,
    screen_status_of,
)
from grove.repositories import ScreenStatus as Screen
from grove.repositories.model import NEXT
from tests.support.people import NOON

FIELDS: dict[str, type[StrEnum]] = {"approval": Approval, "clone": Clone, "index": Index, "lifecycle": Lifecycle}
MOVES = [(field, a, b) for field, states in FIELDS.items() for a in states for b in states]

NEW = Repository(
    id="r",
    tenant_id="t",
    project_id="p",
    name="acme/pay",
    url="https://git.example.org/acme/pay.git",
    host="git.example.org",
    forge="generic",
    local=False,
    credential_id=None,
    tracked=("*",),
    archived=False,
    fork=False,
    approval=Approval.APPROVED,
    clone=Clone.ABSENT,
    index=Index.NONE,
    lifecycle=Lifecycle.ACTIVE,
    default_branch=None,
    head_commit=None,
    size_bytes=None,
    estimated_bytes=None,
    problem=None,
    requested_by="u",
    created_at=NOON,
    updated_at=NOON,
    synced_at=None,
    indexed_at=None,
)


class TestEveryMove:
    @pytest.mark.parametrize(("field", "present", "wanted"), MOVES, ids=str)
    def test_is_allowed_or_refused_as_the_table_says(self, field: str, present: StrEnum, wanted: StrEnum) -> None:
        repository = replace(NEW, **{field: present})  # type: ignore[arg-type]
        if wanted == present or wanted in NEXT[field][present]:
            assert getattr(repository.moved(**{field: wanted}), field) == wanted  # type: ignore[arg-type]
        else:
            with pytest.raises(NotAllowedNow):
                repository.moved(**{field: wanted})  # type: ignore[arg-type]

    @pytest.mark.parametrize("field", FIELDS)
    def test_has_a_row_for_every_state(self, field: str) -> None:
        assert set(NEXT[field]) == set(FIELDS[field])


class TestTheWordOnScreen:
    @pytest.mark.parametrize(
        ("states", "word"),
        [
            ({"approval": Approval.PENDING}, Screen.NEEDS_APPROVAL),
            ({"approval": Approval.REJECTED}, Screen.ATTENTION),
            ({"clone": Clone.QUEUED}, Screen.WORKING),
            ({"clone": Clone.FAILED}, Screen.ATTENTION),
            ({"clone": Clone.PRESENT, "index": Index.BUILDING}, Screen.WORKING),
            ({"clone": Clone.PRESENT, "index": Index.READY}, Screen.READY),
            ({"clone": Clone.PRESENT, "index": Index.STALE}, Screen.READY),
            ({"clone": Clone.PRESENT, "index": Index.READY, "problem": {"code": "x"}}, Screen.ATTENTION),
        ],
        ids=str,
    )
    def test_follows_from_the_four_fields(self, states: dict[str, object], word: Screen) -> None:
        assert screen_status_of(replace(NEW, **states)) is word  # type: ignore[arg-type]

    def test_of_the_mirror_follows_the_older_document(self) -> None:
        words = {clone_status_of(replace(NEW, clone=clone)) for clone in Clone}
        assert words == {"PENDING", "CLONING", "COMPLETED", "FAILED", "CLEANING"}
