"""What every desk of workspaces stands on: finding one that the actor may use, its objects, and moving it on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from grove.git import ObjectReader, ObjectWriter, Person
from grove.kit import faults
from grove.kit.files import allocated_bytes
from grove.kit.gate import Actor
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import Locator
from grove.repositories import Repository, get_repository
from grove.workspaces import branches, rows
from grove.workspaces.errors import ChangedMeanwhile
from grove.workspaces.holding import BYTES_UNMEASURED_MAX, CHANGES_UNMEASURED_MAX, note_own
from grove.workspaces.model import Standing, Workspace, WorkspaceLimits

RESCUE: Final = "refs/grove/rescue"
"""In the git directory of a workspace that has ended: all that its branch had of its own."""
RESCUED_BRANCHES: Final = "refs/grove/rescued/"
"""Beside it, by their names: its further branches that had commits of their own."""

MOVING: Final = faults.declare("workspace.moving")
RESCUED: Final = faults.declare("workspace.rescued")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where the workspaces of one data folder are, and how much there may be of them."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    limits: WorkspaceLimits
    hold: Callable[[Transaction, Workspace], None]
    """Raises when the owner's workspaces take as much room as they may."""

    def _begun(self, actor: Actor, name: str) -> Workspace:
        """A workspace to write more to.

        :raises GroveError: if its owner's take as much room as they may.
        """
        with self.database.reading() as tx:
            seen = rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE).value()
            self.hold(tx, seen)
        return seen

    def _measured(self, workspace: Workspace, *, size_bytes: int) -> Workspace:
        """Write down how much room the git directory takes, if enough has come since then; the workspace with that."""
        if workspace.version % CHANGES_UNMEASURED_MAX and size_bytes < BYTES_UNMEASURED_MAX:
            return workspace
        own_bytes = allocated_bytes(self._folder(workspace))
        with self.database.transaction() as tx:
            held_bytes = note_own(tx, workspace_id=workspace.id, size_bytes=own_bytes)
        return replace(workspace, held_bytes=held_bytes)

    def _moved(
        self, actor: Actor, seen: Workspace, *, action: str, now: datetime, size_bytes: int = 0, **values: str
    ) -> Workspace:
        """Move a workspace on, if it is still as it was seen.

        :raises ChangedMeanwhile: if it is not.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        faults.reach(MOVING)
        with self.database.transaction() as tx:
            row = rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            if not rows.is_changed(tx, seen, used_at=now, **values):
                raise ChangedMeanwhile(workspace=seen.name)
            rows.count_written(tx, row, size_bytes=size_bytes, limits=self.limits)
            rows.record(tx, action, seen, actor=actor, now=now, head=values.get("head", seen.head))
            tx.session.flush()
            tx.session.refresh(row)
            moved = row.value()
        return self._measured(moved, size_bytes=size_bytes)

    def _seen(self, actor: Actor, name: str, *, action: str = rows.VIEW) -> Workspace:
        with self.database.reading() as tx:
            return rows.open_row(tx, actor=actor, name=name, action=action).value()

    def _repository(self, actor: Actor, workspace: Workspace) -> Repository:
        with self.database.reading() as tx:
            return get_repository(tx, actor=actor, repository_id=workspace.repository_id)

    def _upstream(self, actor: Actor, workspace: Workspace) -> str | None:
        """Where the mirror has the branch now; nothing if it is gone."""
        refs = self.mirrors.git.refs(self.mirrors.path(self._repository(actor, workspace)))
        return refs.get(f"refs/heads/{workspace.target}")

    def _standing(self, workspace: Workspace, upstream: str | None) -> Standing:
        history = self.mirrors.git.history(self._folder(workspace))
        known = [upstream] if upstream else []
        is_same = upstream == workspace.head
        return Standing(
            ahead=0 if is_same else len(history.list_new([workspace.head], known=known)),
            behind=0 if is_same else len(history.list_new(known, known=[workspace.head])),
            is_dirty=self._is_dirty(workspace),
            has_upstream=upstream is not None,
            ends_at=self._ends_at(workspace),
            has_ended=workspace.ended_at is not None,
        )

    def _ends_at(self, workspace: Workspace) -> datetime | None:
        since, days = workspace.used_at, self.limits.idle_days_max
        if workspace.ended_at is not None:
            since, days = workspace.ended_at, self.limits.rescue_days_max
        return since + timedelta(days=days) if days else None

    def _is_dirty(self, workspace: Workspace) -> bool:
        with self._objects(workspace) as reader:
            return reader.read_root(workspace.head)[0] != workspace.tree

    def _rescued(self, actor: Actor, workspace: Workspace, *, now: datetime) -> str | None:
        """What a workspace's branch has of its own as one commit, kept by a ref in its git directory, if it has any.

        Its further branches are kept so too: all of it can be found without the database.
        """
        git, folder, commit = self.mirrors.git, self._folder(workspace), workspace.head
        with self.database.reading() as tx:
            others = branches.others(tx, workspace)
        if kept := {RESCUED_BRANCHES + each.name: each.head for each in others if each.head != each.base}:
            git.update_refs(folder, updates=kept)
        if self._is_dirty(workspace):
            message = f"What was not committed in {workspace.name}"
            commit = self._writer(workspace).write_commit(
                workspace.tree, parents=[workspace.head], committer=committer(actor, now=now), message=message
            )
        if not git.history(folder).list_new([commit], known=[workspace.base]):
            return None
        git.update_refs(folder, updates={RESCUE: commit})
        faults.reach(RESCUED)
        return commit

    def _folder(self, workspace: Workspace) -> Path:
        return self.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)

    def _writer(self, workspace: Workspace) -> ObjectWriter:
        return ObjectWriter(self.mirrors.git.config, self._folder(workspace))

    @contextmanager
    def _objects(self, workspace: Workspace) -> Iterator[ObjectReader]:
        with self.mirrors.git.objects(self._folder(workspace)) as reader:
            yield reader


def committer(actor: Actor, *, now: datetime) -> Person:
    """The actor as git names people."""
    return Person(name=actor.name, email=f"{actor.id}@users.grove.invalid", at=now)
