"""The four fields of a repository's life, move by move."""

from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.repositories import (
    Approval,
    Clone,
    Index,
    Lifecycle,
    NotAllowedNow,
    Repository,
    clone_status_of,
    screen_status_of,
    why_not_ready,
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


class TestEveryPath:
    @given(st.lists(st.sampled_from([(field, state) for field, states in FIELDS.items() for state in states])))
    def test_goes_along_the_table_and_nowhere_else(self, steps: list[tuple[str, StrEnum]]) -> None:
        repository = NEW
        for field, state in steps:
            present = getattr(repository, field)
            others = {name: getattr(repository, name) for name in FIELDS if name != field}
            try:
                repository = repository.moved(**{field: state})  # type: ignore[arg-type]
            except NotAllowedNow:
                assert state not in NEXT[field][present]
                assert getattr(repository, field) == present
            else:
                assert state == present or state in NEXT[field][present]
            assert {name: getattr(repository, name) for name in others} == others

    @given(st.lists(st.sampled_from(list(Approval)), min_size=1))
    def test_back_to_approved_leads_by_a_decision(self, steps: list[Approval]) -> None:
        repository, walked = replace(NEW, approval=Approval.REVOKED), [Approval.REVOKED]
        for state in steps:
            with suppress(NotAllowedNow):
                repository = repository.moved_strictly(approval=state)
                walked.append(state)
        assert all(before != after for before, after in pairwise(walked))
        assert repository.is_served == (walked[-1] is Approval.APPROVED)


class TestWhyItIsNotReady:
    @pytest.mark.parametrize("states", [dict(zip(FIELDS, states, strict=True)) for states in product(*FIELDS.values())])
    def test_is_told_of_everything_but_what_is_ready(self, states: dict[str, StrEnum]) -> None:
        repository = replace(NEW, **states)  # type: ignore[arg-type]
        is_ready = screen_status_of(repository) is Screen.READY and repository.lifecycle is Lifecycle.ACTIVE

        assert bool(why_not_ready(repository)) is not is_ready

    def test_names_who_decided_and_the_reason(self) -> None:
        decision = {"state": "rejected", "reason": "too large", "by": "ada", "at": ""}
        rejected = replace(NEW, approval=Approval.REJECTED, decision=decision)

        assert why_not_ready(rejected) == ("The request was rejected by ada: too large; grove repo request asks again.")


class TestTheWordOnScreen:
    @pytest.mark.parametrize(
        ("states", "word"),
        [
            ({"approval": Approval.PENDING}, Screen.NEEDS_APPROVAL),
            ({"approval": Approval.REJECTED}, Screen.ATTENTION),
            ({"approval": Approval.REVOKED, "clone": Clone.PRESENT, "index": Index.READY}, Screen.ATTENTION),
            ({"lifecycle": Lifecycle.ARCHIVED, "clone": Clone.PRESENT, "index": Index.READY}, Screen.ARCHIVED),
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
