"""Finding and changing the rows of workspaces, with permission checked."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from grove import activity
from grove.accounts import ownership
from grove.kit.gate import Actor, Resource
from grove.kit.names import is_portable
from grove.kit.transactions import Transaction, go_alone
from grove.mirrors import require_served
from grove.repositories import Lifecycle, RepositoryNotFound, get_repository, resource_of
from grove.workspaces.errors import (
    WorkspaceEnded,
    WorkspaceExists,
    WorkspaceFull,
    WorkspaceNameInvalid,
    WorkspaceNotFound,
    WorkspacesOpen,
    WorkspacesTooMany,
)
from grove.workspaces.events import WorkspaceClosed
from grove.workspaces.model import Workspace, WorkspaceLimits
from grove.workspaces.tables import BranchRow, WorkspaceRow

VIEW: Final = "workspace.view"
CHANGE: Final = "workspace.change"
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?![.]|lock$|$)){0,59}")


def check_name(name: str) -> str:
    """The name, if a workspace and its branch can have it.

    :raises WorkspaceNameInvalid: if not.
    """
    if not _NAME.fullmatch(name) or not is_portable(name):
        raise WorkspaceNameInvalid(name=name)
    return name


def row_of(tx: Transaction, *, actor: Actor, name: str, action: str) -> WorkspaceRow:
    """The workspace of that id, or the actor's open one of that name.

    An agent's is also seen by the one whom it acts for, who decides about what it promotes; changed it is by its owner.

    :raises Denied: if the actor may not do that to its own.
    :raises WorkspaceNotFound: if the tenant has none, or it is somebody else's, and the actor no administrator.
    """
    row = tx.session.get(WorkspaceRow, name)
    if row is None:
        mine = select(WorkspaceRow).where(WorkspaceRow.owner_id == actor.id, WorkspaceRow.slot == name)
        row = tx.session.scalars(mine).one_or_none()
    if row is None or row.tenant_id != actor.tenant_id:
        raise WorkspaceNotFound(workspace=name)
    attributes: dict[str, object] = {"owner": row.owner_id}
    if action == VIEW:
        attributes = ownership(tx, actor=actor, owner_id=row.owner_id)
    tx.require(
        actor,
        action,
        Resource(kind="workspace", id=row.id, tenant_id=row.tenant_id, attributes=attributes),
        absent=WorkspaceNotFound(workspace=name),
    )
    return row


def restorable_row(tx: Transaction, *, actor: Actor, name: str) -> WorkspaceRow:
    """The workspace of that id, or the actor's open one of that name, or the one of that name that ended last.

    :raises Denied: if the actor may not do that to its own.
    :raises WorkspaceNotFound: if the tenant has none.
    """
    mine = (WorkspaceRow.owner_id == actor.id, WorkspaceRow.tenant_id == actor.tenant_id, WorkspaceRow.name == name)
    ended = select(WorkspaceRow.id).where(*mine, WorkspaceRow.ended_at.is_not(None))
    try:
        return row_of(tx, actor=actor, name=name, action=CHANGE)
    except WorkspaceNotFound:
        last = tx.session.scalar(ended.order_by(WorkspaceRow.ended_at.desc(), WorkspaceRow.id).limit(1))
        if last is None:
            raise
    return row_of(tx, actor=actor, name=last, action=CHANGE)


def open_row(tx: Transaction, *, actor: Actor, name: str, action: str) -> WorkspaceRow:
    """Like `row_of`, for one that has not ended, and whose repository the actor may read now.

    :raises WorkspaceEnded: if it has.
    :raises RepositoryNotFound: if the actor may not see the repository any more.
    :raises MirrorWithheld: if nothing of the repository is shown.
    """
    row = readable_row(tx, actor=actor, name=name, action=action)
    if row.ended_at is not None:
        raise WorkspaceEnded(workspace=row.name)
    return row


def readable_row(tx: Transaction, *, actor: Actor, name: str, action: str) -> WorkspaceRow:
    """Like `row_of`, for an actor who may read the repository too.

    :raises RepositoryNotFound: if the actor may not see the repository any more.
    :raises MirrorWithheld: if nothing of the repository is shown.
    """
    row = row_of(tx, actor=actor, name=name, action=action)
    repository = get_repository(tx, actor=actor, repository_id=row.repository_id)
    tx.require(actor, "file.read", resource_of(repository))
    require_served(repository)
    return row


def unended_row(tx: Transaction, *, actor: Actor, name: str, action: str) -> WorkspaceRow:
    """Like `row_of`, for a workspace that has not ended.

    :raises WorkspaceEnded: if it has.
    """
    row = row_of(tx, actor=actor, name=name, action=action)
    if row.ended_at is not None:
        raise WorkspaceEnded(workspace=row.name)
    return row


def list_workspaces(tx: Transaction, *, actor: Actor, ended: bool, everybody: bool) -> list[Workspace]:
    """The actor's workspaces, or those of everybody for administrators; the last used first.

    :raises Denied: if `actor` may not see them.
    """
    owner = None if everybody else actor.id
    action = VIEW if everybody else "workspace.list"
    tx.require(actor, action, Resource(kind="workspace", tenant_id=actor.tenant_id, attributes={"owner": owner}))
    rows = select(WorkspaceRow).where(WorkspaceRow.tenant_id == actor.tenant_id)
    rows = rows.where(WorkspaceRow.ended_at.is_not(None) if ended else WorkspaceRow.ended_at.is_(None))
    rows = rows if everybody else rows.where(WorkspaceRow.owner_id == actor.id)
    return [row.value() for row in tx.session.scalars(rows.order_by(WorkspaceRow.used_at.desc(), WorkspaceRow.id))]


def open_ones_of(tx: Transaction, *, tenant_id: str, owners: Collection[str]) -> list[Workspace]:
    """The open workspaces of some owners; whether somebody may see them is for the caller to ask."""
    mine = (WorkspaceRow.tenant_id == tenant_id, WorkspaceRow.owner_id.in_(owners), WorkspaceRow.ended_at.is_(None))
    return [row.value() for row in tx.session.scalars(select(WorkspaceRow).where(*mine).order_by(WorkspaceRow.id))]


def of_repository(tx: Transaction, *, repository_id: str) -> list[Workspace]:
    """All workspaces of a repository, for work that Grove does by itself."""
    chosen = select(WorkspaceRow).where(WorkspaceRow.repository_id == repository_id)
    return [row.value() for row in tx.session.scalars(chosen.order_by(WorkspaceRow.id))]


def is_upkeep_due(tx: Transaction, *, repository_id: str) -> bool:
    """Whether a repository has open workspaces."""
    chosen = select(WorkspaceRow.id).where(WorkspaceRow.repository_id == repository_id, WorkspaceRow.ended_at.is_(None))
    return tx.session.scalar(chosen.limit(1)) is not None


def repositories_over(tx: Transaction, *, limits: WorkspaceLimits, now: datetime) -> list[tuple[str, str]]:
    """The (tenant, repository) ids of the workspaces that are to end by themselves, or to go."""
    over: list[ColumnElement[bool]] = []
    if limits.idle_days_max:
        unused_since = now - timedelta(days=limits.idle_days_max)
        over.append(WorkspaceRow.ended_at.is_(None) & (WorkspaceRow.used_at < unused_since))
    if limits.rescue_days_max:
        over.append(WorkspaceRow.ended_at < now - timedelta(days=limits.rescue_days_max))
    if not over:
        return []
    chosen = select(WorkspaceRow.tenant_id, WorkspaceRow.repository_id).where(or_(*over)).distinct()
    return [(tenant, repository) for tenant, repository in tx.session.execute(chosen)]


def end(
    tx: Transaction, seen: Workspace, *, actor: Actor, now: datetime, rescue: str | None, **facts: object
) -> Workspace | None:
    """End a workspace if it is still as it was seen, else nothing; whether the actor may is known already."""
    if not is_changed(tx, seen, slot=seen.id, ended_at=now, rescue=rescue):
        return None
    record(tx, "workspace.end", seen, actor=actor, now=now, rescue=rescue, **facts)
    tx.publish(WorkspaceClosed(tenant_id=seen.tenant_id, workspace_id=seen.id, actor_id=actor.id, at=now))
    return replace(seen, ended_at=now, rescue=rescue, version=seen.version + 1)


def note_rescue(tx: Transaction, seen: Workspace, rescue: str | None) -> None:
    """Write down the rescue of a workspace that has ended, if it is still as it was seen."""
    same = (WorkspaceRow.id == seen.id, WorkspaceRow.version == seen.version, WorkspaceRow.ended_at.is_not(None))
    tx.session.execute(
        update(WorkspaceRow).where(*same).values(rescue=rescue).execution_options(synchronize_session=False)
    )


def is_forgotten(tx: Transaction, seen: Workspace) -> bool:
    """Forget a workspace, if it has ended and is still as it was seen; whether that was so."""
    same = (WorkspaceRow.id == seen.id, WorkspaceRow.version == seen.version, WorkspaceRow.ended_at.is_not(None))
    gone = tx.session.execute(
        delete(WorkspaceRow).where(*same).returning(WorkspaceRow.id).execution_options(synchronize_session=False)
    )
    if gone.first() is None:
        return False
    tx.session.execute(delete(BranchRow).where(BranchRow.workspace_id == seen.id))
    return True


def require_room(tx: Transaction, *, owner_id: str, name: str, limits: WorkspaceLimits) -> None:
    """Return when the owner may have one more open workspace, of that name.

    :raises WorkspaceExists: if there is one of that name.
    :raises WorkspacesTooMany: if there are as many as there may be.
    """
    go_alone(tx, f"workspaces of {owner_id}")
    mine = select(WorkspaceRow.slot).where(WorkspaceRow.owner_id == owner_id, WorkspaceRow.ended_at.is_(None))
    slots = set(tx.session.scalars(mine))
    if name in slots:
        raise WorkspaceExists(workspace=name)
    if len(slots) >= limits.count_max:
        raise WorkspacesTooMany(count_max=limits.count_max)


def written_bytes(tx: Transaction, *, owner_id: str) -> int:
    """How much the owner has written to all open workspaces."""
    mine = select(func.sum(WorkspaceRow.written_bytes)).where(
        WorkspaceRow.owner_id == owner_id, WorkspaceRow.ended_at.is_(None)
    )
    return int(tx.session.scalar(mine) or 0)


def count_written(tx: Transaction, row: WorkspaceRow, *, size_bytes: int, limits: WorkspaceLimits) -> None:
    """Add what was written to what the owner has written.

    :raises WorkspaceFull: if that is more than it may be.
    """
    if written_bytes(tx, owner_id=row.owner_id) + size_bytes > limits.written_bytes_max:
        raise WorkspaceFull(bytes_max=limits.written_bytes_max)
    row.written_bytes += size_bytes


def is_changed(tx: Transaction, seen: Workspace, **values: object) -> bool:
    """Change a workspace, if it is still as it was seen; whether that was so."""
    same = (
        WorkspaceRow.id == seen.id,
        WorkspaceRow.version == seen.version,
        WorkspaceRow.ended_at.is_(None),
    )
    changed = tx.session.execute(
        update(WorkspaceRow)
        .where(*same)
        .values(version=seen.version + 1, **values)
        .returning(WorkspaceRow.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None


def require_repository(tx: Transaction, *, actor: Actor, repository_id: str) -> None:
    """Return when a workspace of the repository may be opened, which cannot be removed then.

    :raises RepositoryNotFound: if there is none that `actor` may see, or it is being removed.
    """
    _go_alone(tx, repository_id)
    if get_repository(tx, actor=actor, repository_id=repository_id).lifecycle is Lifecycle.DELETED:
        raise RepositoryNotFound(repository=repository_id)


def _go_alone(tx: Transaction, repository_id: str) -> None:
    """Let nobody open a workspace of a repository while that is being removed, nor the other way round."""
    go_alone(tx, f"workspaces of {repository_id}")


def refuse_removal(tx: Transaction, *, repository_id: str) -> None:
    """Return when nobody has an open workspace of the repository.

    :raises WorkspacesOpen: if somebody has.
    """
    _go_alone(tx, repository_id)
    of_it = select(func.count()).where(WorkspaceRow.repository_id == repository_id, WorkspaceRow.ended_at.is_(None))
    if count := tx.session.scalar(of_it):
        raise WorkspacesOpen(workspaces=count)


def count_open(tx: Transaction, *, tenant_id: str, owner_id: str | None = None) -> int:
    """How many workspaces are open, in a tenant or of a user."""
    chosen = select(func.count()).where(WorkspaceRow.tenant_id == tenant_id, WorkspaceRow.ended_at.is_(None))
    if owner_id is not None:
        chosen = chosen.where(WorkspaceRow.owner_id == owner_id)
    return tx.session.scalar(chosen) or 0


def holds_work(tx: Transaction, *, repository_id: str) -> bool:
    """Whether somebody has an open workspace of the repository, or an ended one with anything of their own in it."""
    branches = select(BranchRow.workspace_id).where(BranchRow.head != BranchRow.base)
    own = (WorkspaceRow.head != WorkspaceRow.base) | (WorkspaceRow.written_bytes > 0) | WorkspaceRow.id.in_(branches)
    chosen = select(WorkspaceRow.id).where(
        WorkspaceRow.repository_id == repository_id, WorkspaceRow.ended_at.is_(None) | own
    )
    return tx.session.scalar(chosen.limit(1)) is not None


def commits_in_use(tx: Transaction, repository_id: str) -> set[str]:
    """The commits of a repository that branches of open workspaces began at."""
    is_open = (WorkspaceRow.repository_id == repository_id, WorkspaceRow.ended_at.is_(None))
    current = select(WorkspaceRow.base).where(*is_open)
    others = select(BranchRow.base).join(WorkspaceRow, WorkspaceRow.id == BranchRow.workspace_id).where(*is_open)
    return {*tx.session.scalars(current), *tx.session.scalars(others)}


def record(tx: Transaction, action: str, workspace: Workspace, *, actor: Actor, now: datetime, **facts: object) -> None:
    """Write down what was done."""
    activity.record(tx, actor=actor, action=action, target_kind="workspace", target_id=workspace.id, now=now, **facts)
