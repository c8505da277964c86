"""What can be done with what a tenant's policies follow."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from grove import activity, policies
from grove.followings.errors import FollowingAbsent, FollowingMissing
from grove.followings.model import Following, FollowingKind
from grove.followings.tables import FollowingRow
from grove.jobs import enqueue
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.policies import Finding, PoliciesTooLarge
from grove.repositories import find_repository, resource_of

FOLLOWING_JOB: Final = "policy.follow"
SETTLE_SECONDS: Final = 1.0
"""A client pushes one document after the other: so long nothing must have come before they are looked at together."""
DOCUMENTS_MAX: Final = 200
CHARACTERS_MAX: Final = 400_000
"""Of what is pushed; how much of it may be applied is for the policies to say."""


def follow_repository(
    tx: Transaction, *, actor: Actor, repository: str, branch: str = "", folder: str = "", now: datetime
) -> Following:
    """Have the tenant's own policies be those in a folder of a repository, now and after each push.

    It is done in the name of `actor`: without the right to apply policies later, nothing is applied any more.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if there is none that `actor` may see.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    found = find_repository(tx, actor=actor, name=repository)
    tx.require(actor, "file.read", resource_of(found))
    row = _begin(tx, actor, FollowingKind.REPOSITORY, now=now)
    row.repository_id, row.repository = found.id, found.name
    row.branch, row.folder = branch or (found.default_branch or ""), folder.strip("/")
    tx.session.flush()
    enqueue_following(tx, tenant_id=actor.tenant_id, requested_by=actor.id, now=now)
    return row.value()


def follow_opal(tx: Transaction, *, actor: Actor, now: datetime) -> Following:
    """Have the tenant's own policies be those that an OPAL client pushes.

    :raises Denied: if `actor` may not.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    row = _begin(tx, actor, FollowingKind.OPAL, now=now)
    tx.session.flush()
    return row.value()


def stop_following(tx: Transaction, *, actor: Actor, now: datetime) -> None:
    """Have the policies in force stay as they are, whatever is pushed.

    :raises Denied: if `actor` may not.
    :raises FollowingMissing: if they follow nothing.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    row = tx.session.get(FollowingRow, actor.tenant_id)
    if row is None:
        raise FollowingMissing
    _record(tx, actor, "policy.unfollow", row, now=now)
    tx.session.delete(row)
    tx.session.flush()


def current_following(tx: Transaction, *, actor: Actor) -> Following | None:
    """What the tenant's own policies follow, if anything.

    :raises Denied: if `actor` may not see policies.
    """
    tx.require(actor, "policy.view", _resource(actor))
    row = tx.session.get(FollowingRow, actor.tenant_id)
    if row is None:
        return None
    in_force = policies.policies_in_force(tx, actor=actor)
    is_by_hand = in_force is not None and row.version not in {0, in_force.version}
    return replace(row.value(), by_hand=in_force if is_by_hand else None)


def pause_following(tx: Transaction, *, tenant_id: str, by: str, now: datetime) -> None:
    """Apply nothing that comes until somebody says so: what was followed has been taken back by hand."""
    row = tx.session.get(FollowingRow, tenant_id, with_for_update=True, populate_existing=True)
    if row is not None:
        row.paused_at, row.paused_by = now, by


def resume_following(tx: Transaction, *, actor: Actor, now: datetime) -> Following:
    """Follow again what was followed, from what is there now.

    :raises Denied: if `actor` may not.
    :raises FollowingMissing: if they follow nothing.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    row = tx.session.get(FollowingRow, actor.tenant_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise FollowingMissing
    row.paused_at, row.paused_by, row.revision = None, "", ""
    _record(tx, actor, "policy.resume", row, now=now)
    enqueue_following(tx, tenant_id=actor.tenant_id, requested_by=row.followed_by, now=now)
    tx.session.flush()
    return row.value()


def pushed_documents(tx: Transaction, *, actor: Actor) -> Mapping[str, str]:
    """What an OPAL client has pushed, by name.

    :raises Denied: if `actor` may not see policies.
    """
    tx.require(actor, "policy.view", _resource(actor))
    row = tx.session.get(FollowingRow, actor.tenant_id)
    return dict(row.pushed) if row is not None else {}


def put_document(tx: Transaction, *, actor: Actor, name: str, text: str, now: datetime) -> list[Finding]:
    """Take a document that an OPAL client pushes; what is wrong with it by itself is told at once.

    Good or bad, it is looked at together with the others as soon as no more come.

    :raises Denied: if `actor` may not.
    :raises FollowingAbsent: if the policies follow no OPAL client.
    :raises PoliciesTooLarge: if it is too much.
    """
    row = _pushed_row(tx, actor)
    if row is None:
        raise FollowingAbsent
    pushed = {**row.pushed, name: text}
    if len(pushed) > DOCUMENTS_MAX or sum(map(len, pushed.values())) > CHARACTERS_MAX:
        raise PoliciesTooLarge(documents_max=DOCUMENTS_MAX, characters_max=CHARACTERS_MAX)
    _push(tx, actor, row, pushed, now=now)
    return policies.findings({name: text})


def drop_document(tx: Transaction, *, actor: Actor, name: str, now: datetime) -> bool:
    """Forget a document that an OPAL client had pushed; whether there was one.

    :raises Denied: if `actor` may not.
    """
    row = _pushed_row(tx, actor)
    if row is None or name not in row.pushed:
        return False
    _push(tx, actor, row, {one: text for one, text in row.pushed.items() if one != name}, now=now)
    return True


def is_followed(tx: Transaction, *, tenant_id: str, repository_id: str) -> str | None:
    """In whose name a tenant's policies follow a repository, if they do."""
    row = tx.session.get(FollowingRow, tenant_id)
    return row.followed_by if row is not None and row.repository_id == repository_id else None


def enqueue_following(
    tx: Transaction, *, tenant_id: str, requested_by: str, now: datetime, delay_seconds: float = 0.0
) -> None:
    """Have what is followed looked at."""
    enqueue(
        tx,
        tenant_id=tenant_id,
        kind=FOLLOWING_JOB,
        target_id=tenant_id,
        requested_by=requested_by,
        now=now,
        delay_seconds=delay_seconds,
    )


def _begin(tx: Transaction, actor: Actor, kind: FollowingKind, *, now: datetime) -> FollowingRow:
    """A fresh row: what was followed before is not any more."""
    old = tx.session.get(FollowingRow, actor.tenant_id, with_for_update=True)
    if old is not None:
        tx.session.delete(old)
        tx.session.flush()
    row = FollowingRow(
        tenant_id=actor.tenant_id,
        kind=kind,
        repository_id=None,
        repository="",
        branch="",
        folder="",
        followed_by=actor.id,
        since=now,
        revision="",
        version=0,
        problem=None,
        paused_at=None,
        paused_by="",
        pushed={},
        pushed_at=None,
    )
    tx.session.add(row)
    _record(tx, actor, "policy.follow", row, now=now)
    return row


def _pushed_row(tx: Transaction, actor: Actor) -> FollowingRow | None:
    """The row, if an OPAL client is followed."""
    tx.require(actor, "policy.apply", _resource(actor))
    row = tx.session.get(FollowingRow, actor.tenant_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.kind == FollowingKind.OPAL else None


def _push(tx: Transaction, actor: Actor, row: FollowingRow, pushed: dict[str, str], *, now: datetime) -> None:
    row.pushed, row.pushed_at, row.followed_by = pushed, now, actor.id
    tx.session.flush()
    enqueue_following(tx, tenant_id=actor.tenant_id, requested_by=actor.id, now=now, delay_seconds=SETTLE_SECONDS)


def _record(tx: Transaction, actor: Actor, action: str, row: FollowingRow, *, now: datetime) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="policies",
        target_id=actor.tenant_id,
        now=now,
        source=row.kind,
        repository=row.repository,
        branch=row.branch,
        folder=row.folder,
    )


def _resource(actor: Actor) -> Resource:
    return Resource(kind="policy", tenant_id=actor.tenant_id)
