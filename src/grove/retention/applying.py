"""Applying the policy: once a day, or when somebody asks; each repository in a transaction of its own."""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from grove import accounts, activity, repositories
from grove.decisions import forget_decisions
from grove.jobs import Job, Run, forget_jobs
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.mirrors import MirrorTools, is_upstream_there
from grove.repositories import RepositoryNotFound
from grove.retention.events import RetentionWanted
from grove.retention.model import Fate, Step, Verdict
from grove.retention.planning import policy_of, steps_of
from grove.retention.tables import RetentionNoticeRow
from grove.usage import forget_usage

APPLY_JOB: Final = "retention.apply"
EVERY: Final = timedelta(days=1)
_DONE: Final = {Verdict.NOTICE, Verdict.WITHDRAW, Verdict.COOL, Verdict.REMOVE}


def apply_retention(run: Run, *, tools: MirrorTools) -> None:
    """Give notices, withdraw them, let repositories become cold and remove them; forget old logs; come again in a day.

    Each repository is looked at again in the transaction in which something is done with it. None is removed whose
    upstream was not asked just before, and was there.

    :raises GroveError: with its own code, whatever goes wrong; what was done before stays done.
    """
    tenant_id = run.job.tenant_id
    with run.begin() as tx:
        kept = repositories.list_kept(tx, tenant_id=tenant_id)
        steps = steps_of(tx, kept, tenant_id=tenant_id, now=run.now)
    done: Counter[str] = Counter()
    for step in steps:
        run.check_cancelled()
        is_there = step.verdict is Verdict.REMOVE and is_upstream_there(run, step.repository, tools=tools)
        lost = () if is_there else (step.repository.id,)
        with run.begin() as tx, suppress(RepositoryNotFound):  # somebody has removed it meanwhile
            done[_apply_one(tx, actor=run.actor, repository_id=step.repository.id, now=run.now, lost=lost)] += 1
    with run.finish() as tx:
        policy = policy_of(tx, tenant_id=tenant_id)
        forgotten = forget_jobs(tx, tenant_id=tenant_id, before=run.now - timedelta(days=policy.job_days))
        forget_usage(tx, tenant_id=tenant_id, before=(run.now - timedelta(days=policy.usage_days)).date())
        forget_decisions(tx, tenant_id=tenant_id, before=(run.now - timedelta(days=policy.decision_days)).date())
        _come_again(tx, run.job, now=run.now)
    told = ", ".join(f"{verdict} {count}" for verdict, count in sorted(done.items()))
    run.log(f"{told or 'no repositories'}; {forgotten} old jobs forgotten")


def settle_retention(tx: Transaction, job: Job) -> None:
    """Come again in a day, too, when applying has failed for good."""
    if job.finished_at is not None:
        _come_again(tx, job, now=job.finished_at)


def _come_again(tx: Transaction, job: Job, *, now: datetime) -> None:
    tx.publish(RetentionWanted(tenant_id=job.tenant_id, actor_id=job.requested_by, due_at=now + EVERY, at=now))


def _apply_one(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime, lost: Collection[str]) -> Verdict:
    repository = repositories.repository_of_job(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    [step] = steps_of(tx, [repository], tenant_id=actor.tenant_id, now=now, lost=lost)
    if step.verdict not in _DONE:
        return step.verdict
    if step.verdict is Verdict.NOTICE:
        _give_notice(tx, step, actor=actor, now=now)
        return step.verdict
    row = tx.session.get(RetentionNoticeRow, repository_id)
    if row is not None:
        tx.session.delete(row)
    if step.verdict is Verdict.WITHDRAW:
        _record(tx, "retention.withdraw", step, actor=actor, now=now)
    elif step.verdict is Verdict.COOL:
        repositories.cool_repository(
            tx, actor=actor, repository_id=repository_id, reason=f"by the retention policy: {step.reason}", now=now
        )
    else:
        _record(tx, "retention.remove", step, actor=actor, now=now)
        repositories.remove_repository(tx, actor=actor, repository_id=repository_id, now=now)
    return step.verdict


def _give_notice(tx: Transaction, step: Step, *, actor: Actor, now: datetime) -> None:
    """Who asked for the repository and who owns it are told: it stands at the repository, and in the trail."""
    repository = step.repository
    asked = accounts.names_of(tx, principal_ids=[repository.requested_by])
    told = [*asked.values(), *repository.owners]
    fate = policy_of(tx, tenant_id=actor.tenant_id).fate
    assert step.due_at is not None  # a notice always has an end
    tx.session.add(
        RetentionNoticeRow(
            repository_id=repository.id,
            tenant_id=repository.tenant_id,
            given_at=now,
            due_at=step.due_at,
            fate=Fate(fate),
            told=told,
        )
    )
    _record(tx, "retention.notice", step, actor=actor, now=now, due_at=step.due_at.isoformat(), fate=fate, told=told)


def _record(tx: Transaction, action: str, step: Step, *, actor: Actor, now: datetime, **facts: object) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="repository",
        target_id=step.repository.id,
        now=now,
        name=step.repository.name,
        reason=step.reason,
        used_at=step.used_at.isoformat(),
        **facts,
    )
