"""What can be done with what forges grant: asking for a check, taking over its answer, keeping to the schedule."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from grove import accounts, jobs, repositories
from grove.git import RedirectRefused
from grove.grants.errors import AccessUnconfirmed
from grove.grants.events import AccessCheckRequested, AccessReturned
from grove.grants.model import REFUSALS, Answer, Patience, Verdict
from grove.grants.readers import forget_old_readers
from grove.grants.tables import AccessCheckRow
from grove.kit.clocks import CLOCKS_APART_MAX
from grove.kit.gate import Actor, Source
from grove.kit.transactions import Transaction
from grove.repositories import (
    Access,
    Approval,
    Clone,
    Lifecycle,
    Problem,
    Repository,
    repository_of_job,
    resource_of,
)

CHECK_JOB = "access.check"
FIRST_CHECK = timedelta(minutes=10)
"""So long after a repository was approved: it has just been looked at."""
DUE_MAX = 200
"""How many repositories are looked at together."""
CHECKS_PER_HOST_MAX = 8
"""How many questions to one host wait or are asked at once because of the schedule."""


def begin_checks(tx: Transaction, *, tenant_id: str, repository_id: str, now: datetime) -> None:
    """Have the forge of a repository asked from now on; folders of this machine have none."""
    repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
    if not repository.local and tx.session.get(AccessCheckRow, repository.id) is None:
        row = AccessCheckRow(
            repository_id=repository.id,
            tenant_id=repository.tenant_id,
            host=repository.host,
            next_check_at=now + FIRST_CHECK,
            failures=0,
        )
        tx.session.add(row)


def request_check(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Have the forge asked now whether it lets us read a repository, and whom else.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved, or archived, or being removed.
    """
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.sync", resource_of(repository))
    repository.require_kept_up()
    tx.publish(
        AccessCheckRequested(tenant_id=repository.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now)
    )
    return repository


def record_answer(
    tx: Transaction, *, repository: Repository, answer: Answer, patience: Patience, now: datetime
) -> Repository:
    """Take over what the forge answered: a refusal counts at once, silence when it has lasted for too long."""
    row = tx.session.get(AccessCheckRow, repository.id, with_for_update=True)
    if row is not None:
        row.next_check_at = patience.next_check(answer, failures=row.failures, now=now)
        row.failures = row.failures + 1 if answer.verdict is Verdict.NO_ANSWER else 0
        if answer.retry_after_seconds:
            _leave_alone(tx, host=row.host, until=row.next_check_at)
    if answer.verdict is Verdict.GRANTED and repository.clone is not Clone.REMOVING:
        actor = accounts.steward(tx, tenant_id=repository.tenant_id, source=Source.WORKER, now=now)
        repositories.record_upstream(
            tx,
            actor=actor,
            repository_id=repository.id,
            url=answer.moved_to.text if answer.moved_to else None,
            archived=answer.is_archived,
            everybody_reads=answer.everybody_reads,
            now=now,
        )
    return _settle(tx, repository, answer, patience=patience, now=now)


def record_fetch(tx: Transaction, *, repository_id: str, tenant_id: str, now: datetime) -> None:
    """A host has let us list and fetch: that confirms what was granted, and returns nothing that was refused."""
    repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
    if repository.access is not Access.REFUSED and repository.clone is not Clone.REMOVING:
        actor = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
        repositories.record_access(tx, actor=actor, repository_id=repository_id, access=Access.GRANTED, now=now)


def follow_host(tx: Transaction, *, repository_id: str, host: str) -> None:
    """Ask another host about a repository from now on: it has moved there."""
    row = tx.session.get(AccessCheckRow, repository_id, with_for_update=True)
    if row is not None:
        row.host = host


def check_again(tx: Transaction, *, repository_id: str, tenant_id: str, now: datetime) -> None:
    """Have the forge of a repository asked at once, in Grove's own name: something has changed there."""
    repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
    is_kept = repository.lifecycle is Lifecycle.ACTIVE and repository.approval is Approval.APPROVED
    if is_kept and not repository.local:
        actor = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
        tx.publish(AccessCheckRequested(tenant_id=tenant_id, repository_id=repository_id, actor_id=actor.id, at=now))


def record_failure(tx: Transaction, *, repository_id: str, tenant_id: str, code: str, now: datetime) -> None:
    """A host has not let us list or fetch; what it said is the problem of the repository."""
    if code == RedirectRefused.code:
        check_again(tx, repository_id=repository_id, tenant_id=tenant_id, now=now)
    repository = repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
    if code in REFUSALS:
        message = str((repository.problem or {}).get("message", ""))
        answer = Answer(verdict=Verdict.REFUSED, code=code, message=message)
        _settle(tx, repository, answer, patience=Patience(), now=now)  # a refusal needs none


def _settle(
    tx: Transaction, repository: Repository, answer: Answer, *, patience: Patience, now: datetime
) -> Repository:
    if repository.clone is Clone.REMOVING or repository.local:
        return repository
    actor = accounts.steward(tx, tenant_id=repository.tenant_id, source=Source.WORKER, now=now)
    access, problem = _judged(repository, answer, patience=patience, now=now)
    settled = repositories.record_access(
        tx, actor=actor, repository_id=repository.id, access=access, problem=problem, now=now
    )
    if access is Access.GRANTED and repository.access is Access.REFUSED:
        tx.publish(
            AccessReturned(tenant_id=repository.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now)
        )
    return settled


def _judged(
    repository: Repository, answer: Answer, *, patience: Patience, now: datetime
) -> tuple[Access, Problem | None]:
    if answer.verdict is Verdict.GRANTED:
        return Access.GRANTED, None
    problem = Problem(code=answer.code, message=answer.message, at=now)
    if answer.verdict is Verdict.REFUSED:
        return Access.REFUSED, problem
    if repository.access is Access.REFUSED:  # silence takes no refusal back, nor its reason
        return Access.REFUSED, _said(repository, now=now)
    if patience.is_over(repository.access_confirmed_at, now=now):
        return Access.REFUSED, _unconfirmed(answer.code, answer.message, now=now)
    return Access.UNSURE, problem


def _said(repository: Repository, *, now: datetime) -> Problem:
    """What the forge said before."""
    said = repository.access_problem or {}
    at = datetime.fromisoformat(said["at"]) if "at" in said else now
    return Problem(code=said.get("code", ""), message=said.get("message", ""), at=at)


def _unconfirmed(code: str, message: str, *, now: datetime) -> Problem:
    told = AccessUnconfirmed()
    return Problem(code=told.code, message=f"{told.message} {message} ({code})", at=now)


def _leave_alone(tx: Transaction, *, host: str, until: datetime) -> None:
    """Ask a host nothing before the moment that it named, about no repository."""
    waiting = update(AccessCheckRow).where(AccessCheckRow.host == host, AccessCheckRow.next_check_at < until)
    with tx.beyond():  # whoever would have asked it
        tx.session.execute(waiting.values(next_check_at=until).execution_options(synchronize_session=False))


def is_check_due(tx: Transaction, *, patience: Patience, now: datetime) -> bool:
    """Whether a forge is to be asked, or one has been silent for too long."""
    due = select(AccessCheckRow.repository_id).where(_is_due(tx, patience, now)).limit(1)
    if tx.session.scalar(due) is not None:
        return True
    if repositories.with_readers_before(tx, moment=now - patience.grace):
        return True
    return any(patience.is_over(each.access_confirmed_at, now=now) for each in repositories.of_unsure_access(tx))


def _is_due(tx: Transaction, patience: Patience, now: datetime) -> ColumnElement[bool]:
    """What was planned while the clock was wrong is due as well: no interval explains it, and no host that rests."""
    planned, failures, host = AccessCheckRow.next_check_at, AccessCheckRow.failures, AccessCheckRow.host
    late = planned > now + patience.every + CLOCKS_APART_MAX
    with tx.beyond():  # whoever was told
        resting = tx.session.scalars(select(host).where(late, failures > 0).distinct()).all()
    unexplained = late & (failures == 0) & host.not_in(resting)
    return or_(planned <= now, unexplained, planned > patience.planned_until(now))


def check_due(tx: Transaction, *, patience: Patience, now: datetime) -> int:
    """Request the checks that are due, and withhold what was not confirmed for too long; how many are requested."""
    due = select(AccessCheckRow).where(_is_due(tx, patience, now)).order_by(AccessCheckRow.next_check_at)
    rows = tx.session.scalars(due.limit(DUE_MAX).with_for_update(skip_locked=True)).all()
    waiting = jobs.unfinished_targets(tx, kind=CHECK_JOB)
    busy: dict[str, int] = {}
    count = 0
    for row in rows:
        row.next_check_at = now + patience.every
        repository = repository_of_job(tx, tenant_id=row.tenant_id, repository_id=row.repository_id)
        is_kept = repository.lifecycle is Lifecycle.ACTIVE and repository.clone is Clone.PRESENT
        if not is_kept or row.repository_id in waiting:
            continue
        busy[row.host] = busy.get(row.host, 0) + 1
        if busy[row.host] > CHECKS_PER_HOST_MAX:
            row.next_check_at = now
            continue
        actor = accounts.steward(tx, tenant_id=row.tenant_id, source=Source.WORKER, now=now)
        tx.publish(
            AccessCheckRequested(tenant_id=row.tenant_id, repository_id=row.repository_id, actor_id=actor.id, at=now)
        )
        count += 1
    _withhold_unconfirmed(tx, patience=patience, now=now)
    forget_old_readers(tx, patience=patience, now=now)
    return count


def _withhold_unconfirmed(tx: Transaction, *, patience: Patience, now: datetime) -> None:
    for repository in repositories.of_unsure_access(tx):
        if patience.is_over(repository.access_confirmed_at, now=now):
            said = _said(repository, now=now)
            problem = _unconfirmed(said.code, said.message, now=now)
            actor = accounts.steward(tx, tenant_id=repository.tenant_id, source=Source.WORKER, now=now)
            repositories.record_access(
                tx, actor=actor, repository_id=repository.id, access=Access.REFUSED, problem=problem, now=now
            )
