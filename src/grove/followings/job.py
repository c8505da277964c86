"""Looking at what is followed, and applying it: as a whole, as a version, with the commit; or telling why not.

What is bad changes nothing: the version in force stays in force, and the following says what is wrong with the new one.
"""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from grove import activity, policies
from grove.followings.model import FollowingKind
from grove.followings.operations import SETTLE_SECONDS
from grove.followings.reading import draft_at
from grove.followings.tables import FollowingRow
from grove.jobs import Job, Run
from grove.kit.errors import GroveError
from grove.kit.transactions import Transaction
from grove.mirrors import MirrorReader
from grove.policies import PolicyDraft, PolicyGate, digest_of
from grove.repositories import get_repository, resource_of

SETTLE_SECONDS_MAX: Final = 10.0
SHOWN_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowingTools:
    """What following works with."""

    mirrors: MirrorReader
    gate: PolicyGate


class _Found(NamedTuple):
    """A set of policies, which revision of what it is, and where it is from as people are told."""

    revision: str
    origin: str
    draft: PolicyDraft


def follow_policies(run: Run, *, tools: FollowingTools) -> None:
    """Apply what is followed as it is now; a set that cannot be applied is refused, with the reasons."""
    _wait_until_settled(run)
    with run.begin() as tx:
        row = _row(tx, run)
        kind, known = (FollowingKind(row.kind), row.revision) if row is not None else (None, "")
        is_paused = row is not None and row.paused_at is not None
    if kind is None or is_paused:
        run.log("paused since the policies were rolled back" if is_paused else "nothing is followed any more")
        return
    try:
        found = _of_repository(run, tools, known) if kind is FollowingKind.REPOSITORY else _of_opal(run)
    except GroveError as error:
        _refuse(run, error)
        if error.transient:
            raise
        return
    if found is None:
        run.log("nothing new")
        return
    try:
        with run.finish() as tx:
            _apply(tx, run, tools, found)
    except GroveError as error:
        _refuse(run, error, revision=found.revision)


def settle_following(tx: Transaction, job: Job) -> None:
    """Show at the following that it could not be looked at: whoever began it may not apply policies any more."""
    row = tx.session.get(FollowingRow, job.tenant_id)
    if row is not None and job.error is not None:
        at = job.finished_at or job.created_at
        row.problem = {"code": str(job.error["code"]), "message": str(job.error["message"]), "at": at.isoformat()}


def _of_repository(run: Run, tools: FollowingTools, known: str) -> _Found | None:
    """The set at the branch's head; `None` if that has been looked at."""
    with run.begin() as tx:
        row = tx.session.get_one(FollowingRow, run.job.tenant_id)
        repository = get_repository(tx, actor=run.actor, repository_id=str(row.repository_id))
        tx.require(run.actor, "file.read", resource_of(repository))
        branch, folder = row.branch or (repository.default_branch or ""), row.folder
    commit = tools.mirrors.resolve(repository, f"refs/heads/{branch}" if branch else "")
    if commit == known:
        return None
    with tools.mirrors.objects(repository) as objects:
        draft = draft_at(objects, commit, folder)
    place = f"/{folder}" if folder else ""
    return _Found(commit, f"{repository.name}@{commit[:SHOWN_CHARACTERS]}{place}", draft)


def _of_opal(run: Run) -> _Found | None:
    """The set that was pushed, with the cases that the one in force had to pass."""
    with run.begin() as tx:
        row = tx.session.get_one(FollowingRow, run.job.tenant_id)
        if not row.pushed:
            return None
        in_force = policies.policies_in_force(tx, actor=run.actor)
        documents = dict(row.pushed)
    cases = in_force.cases if in_force is not None else ()
    return _Found(digest_of(documents), "OPAL", PolicyDraft(documents=documents, cases=cases))


def _apply(tx: Transaction, run: Run, tools: FollowingTools, found: _Found) -> None:
    row = tx.session.get(FollowingRow, run.job.tenant_id, with_for_update=True, populate_existing=True)
    if row is None or row.paused_at is not None:
        return
    in_force = policies.policies_in_force(tx, actor=run.actor)
    same = in_force is not None and in_force.digest == digest_of(found.draft.documents)
    if in_force is None or not same or list(in_force.cases) != [dict(case) for case in found.draft.cases]:
        in_force = policies.apply_policies(
            tx,
            actor=run.actor,
            draft=found.draft,
            gate=tools.gate,
            origin=found.origin,
            reason=f"followed at {found.revision}",
            now=run.now,
        )
    row.revision, row.version, row.problem = found.revision, in_force.version, None


def _refuse(run: Run, error: GroveError, *, revision: str | None = None) -> None:
    """Keep the last good set, and tell what is wrong with the new one: at the following, in the trail, in the log."""
    with run.finish() as tx:
        row = _row(tx, run)
        if row is None:
            return
        row.problem = _problem(error, now=run.now)
        if revision is not None:
            row.revision = revision
        activity.record(
            tx,
            actor=run.actor,
            action="policy.refused",
            target_kind="policies",
            target_id=run.job.tenant_id,
            now=run.now,
            code=error.code,
            revision=revision or "",
            kept=row.version,
        )
    run.log(f"refused, and the last good set is kept: {error}")


def _problem(error: GroveError, *, now: datetime) -> dict[str, str]:
    told = "; ".join(f"{value}" for value in error.facts.values())
    message = f"{error.message} ({told})" if told else error.message
    return {"code": error.code, "message": message[:2_000], "at": now.isoformat()}


def _wait_until_settled(run: Run) -> None:
    """A client that pushes one document after the other is not met in their midst."""
    until = time.monotonic() + SETTLE_SECONDS_MAX
    while time.monotonic() < until:
        run.check_cancelled()
        with run.begin() as tx:
            row = _row(tx, run)
            pushed_at = row.pushed_at if row is not None else None
        if pushed_at is None or (run.now - pushed_at).total_seconds() >= SETTLE_SECONDS:
            return
        time.sleep(SETTLE_SECONDS / 5)


def _row(tx: Transaction, run: Run) -> FollowingRow | None:
    return tx.session.get(FollowingRow, run.job.tenant_id, populate_existing=True)
