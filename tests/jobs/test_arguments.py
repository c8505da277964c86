"""What a job is told has one shape for each kind: what is queued is made by it, what is taken is read by it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from grove.jobs import Arguments, Job, JobArgumentsInvalid, JobState, Text

NOW = datetime(2027, 1, 1, tzinfo=UTC)


class Moving(Arguments):
    """Told to the jobs of these tests."""

    kind = "thing.move"

    url: Text
    quietly: bool = False
    credential_id: Text | None = None


def job_told(arguments: Any) -> Job:
    return Job(
        id="j",
        tenant_id="t",
        kind="thing.move",
        target_id="x",
        arguments=arguments,
        state=JobState.RUNNING,
        attempt=1,
        attempts_max=4,
        fence=1,
        run_at=NOW,
        lease_until=None,
        worker=None,
        progress={},
        error=None,
        cancel_requested=False,
        requested_by="p",
        created_at=NOW,
        started_at=NOW,
        finished_at=None,
    )


class TestArguments:
    @pytest.mark.parametrize("told", [Moving(url="u"), Moving(url="u", quietly=True, credential_id="c")])
    def test_are_read_as_they_were_queued(self, told: Moving) -> None:
        assert Moving.of(job_told(told.stored())) == told

    def test_that_an_older_version_queued_are_read(self) -> None:
        assert Moving.of(job_told({"url": "u"})) == Moving(url="u")
        assert Moving.of(job_told({"url": "u", "credential_id": None})) == Moving(url="u")

    def test_are_stored_as_they_were_before_something_was_added(self) -> None:
        assert Moving(url="u").stored() == {"url": "u"}

    @pytest.mark.parametrize(
        ("told", "wrong"),
        [
            ({}, "url: "),
            ({"url": "u", "os.system": "id"}, "os.system: "),
            ({"url": 7}, "url: "),
            ({"url": None}, "url: "),
            ({"url": ["u"]}, "url: "),
            ({"url": "u", "quietly": "yes"}, "quietly: "),
            ({"url": "u", "quietly": 1}, "quietly: "),
            ({"url": "u" * 4_097}, "url: "),
            (None, ": "),
            ([], ": "),
        ],
    )
    def test_of_another_shape_are_refused(self, told: object, wrong: str) -> None:
        with pytest.raises(JobArgumentsInvalid) as refused:
            Moving.of(job_told(told))

        assert refused.value.facts["kind"] == "thing.move"
        reasons: Any = refused.value.facts["wrong"]
        assert [reason[: len(wrong)] for reason in reasons] == [wrong]

    def test_of_a_kind_that_is_told_nothing_are_none(self) -> None:
        assert Arguments.of(job_told({})) == Arguments()
        with pytest.raises(JobArgumentsInvalid):
            Arguments.of(job_told({"url": "u"}))

    def test_of_another_shape_cannot_be_queued(self) -> None:
        with pytest.raises(ValidationError):
            Moving(url="u", force=True)  # type: ignore[call-arg]

    def test_do_not_change(self) -> None:
        told = job_told(Moving(url="u").stored())
        with pytest.raises(ValidationError):
            Moving.of(told).url = "v"
