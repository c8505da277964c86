"""What a policy comes to, by all that counts for a repository."""

from dataclasses import replace
from datetime import timedelta

import pytest

from grove.repositories import Approval, Clone, Index, Lifecycle
from grove.retention import Fate, RetentionInvalid, RetentionPolicy, Verdict
from grove.retention.model import Facts, Notice, step_of
from tests.repositories.test_model import NEW
from tests.support.people import NOON

DAY = timedelta(days=1)
POLICY = RetentionPolicy(idle_days=30, notice_days=7)
REMOVING = replace(POLICY, fate=Fate.REMOVED)
KEPT = replace(NEW, clone=Clone.PRESENT, index=Index.READY, indexed_at=NOON)
IDLE = Facts(repository=KEPT, used_at=NOON - 31 * DAY)


def notice(*, due_in_days: int) -> Notice:
    due_at = NOON + due_in_days * DAY
    return Notice(repository_id="r", given_at=due_at - 7 * DAY, due_at=due_at, fate=Fate.COLD, told=())


def verdict(policy: RetentionPolicy, facts: Facts) -> Verdict:
    return step_of(policy, facts, now=NOON).verdict


class TestAnIdleRepository:
    def test_gets_a_notice_first(self) -> None:
        step = step_of(POLICY, IDLE, now=NOON)

        assert (step.verdict, step.due_at) == (Verdict.NOTICE, NOON + 7 * DAY)
        assert "31 days" in step.reason

    def test_waits_until_the_notice_is_over(self) -> None:
        assert verdict(POLICY, replace(IDLE, notice=notice(due_in_days=1))) is Verdict.WAIT

    @pytest.mark.parametrize(("policy", "wanted"), [(POLICY, Verdict.COOL), (REMOVING, Verdict.REMOVE)])
    def test_meets_its_fate_then(self, policy: RetentionPolicy, wanted: Verdict) -> None:
        assert verdict(policy, replace(IDLE, notice=notice(due_in_days=0))) is wanted

    def test_meets_it_at_once_without_days_of_notice(self) -> None:
        assert verdict(replace(POLICY, notice_days=0), IDLE) is Verdict.COOL


class TestWhatIsKept:
    @pytest.mark.parametrize(
        "facts",
        [
            replace(IDLE, used_at=NOON - 29 * DAY),
            replace(IDLE, hold="the auditors want it"),
            replace(IDLE, is_pinned=True),
            replace(IDLE, has_work=True),
            replace(IDLE, repository=replace(KEPT, approval=Approval.PENDING)),
            replace(IDLE, repository=replace(KEPT, clone=Clone.FAILED)),
            replace(IDLE, repository=replace(KEPT, lifecycle=Lifecycle.COLD)),
        ],
    )
    def test_gets_no_notice_and_has_one_withdrawn(self, facts: Facts) -> None:
        assert verdict(POLICY, facts) is Verdict.KEEP
        assert verdict(POLICY, replace(facts, notice=notice(due_in_days=0))) is Verdict.WITHDRAW

    def test_was_used_at_a_time_that_a_clock_has_left_again(self) -> None:
        step = step_of(POLICY, replace(IDLE, used_at=NOON + 30 * DAY), now=NOON)

        assert step.verdict is Verdict.KEEP
        assert step.reason == "it was used at a time that has not come yet: a clock was changed"

    def test_is_everything_without_days(self) -> None:
        assert verdict(RetentionPolicy(), IDLE) is Verdict.KEEP


class TestTheLastCopy:
    def test_is_not_removed_but_becomes_cold(self) -> None:
        gone = replace(KEPT, problem={"code": "repository_not_found", "message": "gone"})
        step = step_of(REMOVING, replace(IDLE, repository=gone, notice=notice(due_in_days=0)), now=NOON)

        assert step.verdict is Verdict.COOL
        assert "last copy" in step.reason

    def test_stays_cold(self) -> None:
        gone = replace(KEPT, problem={"code": "x", "message": "gone"}, lifecycle=Lifecycle.COLD)

        assert verdict(REMOVING, replace(IDLE, repository=gone, notice=notice(due_in_days=0))) is Verdict.KEEP


class TestDays:
    @pytest.mark.parametrize("days", [{"idle_days": 0}, {"idle_days": 4_000}, {"notice_days": -1}, {"job_days": 0}])
    def test_that_make_no_sense_are_refused(self, days: dict[str, int]) -> None:
        with pytest.raises(RetentionInvalid):
            RetentionPolicy(**days)  # type: ignore[arg-type]
