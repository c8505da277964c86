"""Commits that owners fetch from their workspaces and push to them with their own git."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from grove.kit import faults
from grove.kit.gate import Actor, Denied
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import Locator
from grove.repositories import get_repository
from grove.workspaces import branches, rows
from grove.workspaces.errors import ChangedMeanwhile, PushElsewhere, WorkspaceDirty, WorkspaceNotFound
from grove.workspaces.holding import note_own
from grove.workspaces.model import Workspace, WorkspaceLimits

PUSHED: Final = faults.declare("workspace.pushed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A workspace as a git client may have it: its git directory, and how much more its owner may write.

    `commits` are the last ones of its branches, by their names.
    """

    workspace: Workspace
    folder: Path
    room_bytes: int
    commits: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushDesk:
    """Opens workspaces to git clients, and takes what they push; any number of threads may use it."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    limits: WorkspaceLimits
    hold: Callable[[Transaction, Workspace], None]
    """Raises when the owner's workspaces take as much room as they may."""

    def open(self, actor: Actor, name: str, *, changes: bool) -> Exchange:
        """A workspace to fetch from, or to push to if `changes`. What one may not see is not there.

        :raises WorkspaceNotFound: if there is none, or it is somebody else's.
        :raises Denied: if it may be seen, but not be changed.
        :raises WorkspaceEnded: if it has ended.
        :raises MirrorWithheld: if its repository is not approved any more.
        """
        with self.database.reading() as tx:
            try:
                row = rows.open_row(tx, actor=actor, name=name, action=rows.VIEW)
            except Denied as denied:
                raise WorkspaceNotFound(workspace=name) from denied
            if changes:
                row = rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE)
                self.hold(tx, row.value())
            seen = row.value()
            repository = get_repository(tx, actor=actor, repository_id=seen.repository_id)
            room_bytes = self.limits.written_bytes_max - rows.written_bytes(tx, owner_id=seen.owner_id)
            commits = {each.name: each.head for each in (branches.current(seen), *branches.others(tx, seen))}
        self.mirrors.path(repository)
        folder = self.locator.workspace(tenant_id=seen.tenant_id, workspace_id=seen.id)
        return Exchange(workspace=seen, folder=folder, room_bytes=max(room_bytes, 0), commits=commits)

    def accept(
        self, actor: Actor, exchange: Exchange, *, stage: Path, refs: Collection[str], now: datetime
    ) -> Workspace:
        """Move a workspace to what was pushed to its branch in `stage`, a repository beside it; to these refs in all.

        :raises PushElsewhere: if its branch is none of them.
        :raises WorkspaceDirty: if there are changes that are not committed.
        :raises ChangedMeanwhile: if it was changed while the push came.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        git, seen = self.mirrors.git, exchange.workspace
        if f"refs/heads/{seen.branch}" not in refs:
            raise PushElsewhere(workspace=seen.name, branch=seen.branch)
        head = git.refs(stage).get(f"refs/heads/{seen.branch}", seen.head)
        if head == seen.head:
            return seen
        with git.objects(stage) as reader:
            committed, _ = reader.read_root(seen.head)
            tree, _ = reader.read_root(head)
        if committed != seen.tree:
            raise WorkspaceDirty(workspace=seen.name)
        # First the objects: a crash now leaves some that nothing leads to.
        size_bytes = git.move_packs(stage, exchange.folder)
        faults.reach(PUSHED)
        with self.database.transaction() as tx:
            row = rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            if not rows.is_changed(tx, seen, head=head, tree=tree, used_at=now):
                raise ChangedMeanwhile(workspace=seen.name)
            rows.count_written(tx, row, size_bytes=size_bytes, limits=self.limits)
            rows.record(tx, "workspace.push", seen, actor=actor, now=now, head=head, bytes=size_bytes)
            tx.session.flush()
            tx.session.refresh(row)
            note_own(tx, workspace_id=seen.id, size_bytes=row.own_bytes + size_bytes)
            return row.value()
