"""What can be done with workspaces.

The files of a workspace are objects in a git directory of the server's, beside those of the mirror; the row says which
tree is the current one. No file that a user wrote is ever in a folder that git looks at, and a crash at any moment
leaves at most objects that nothing leads to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import Commit, EntryKind, TreeEntry
from grove.kit import faults
from grove.kit.files import allocated_bytes, remove_tree
from grove.kit.gate import Actor, Resource
from grove.kit.ids import new_id
from grove.repositories import find_repository
from grove.workspaces import rows
from grove.workspaces.branches import branch_name
from grove.workspaces.editing import EXECUTABLE_MODE, edited, path_bytes
from grove.workspaces.errors import ChangedMeanwhile, NothingToCommit, WorkspaceDirty, WorkspaceDiverged
from grove.workspaces.events import WorkspaceOpened
from grove.workspaces.ground import Ground, committer
from grove.workspaces.model import (
    ChangedFile,
    Edit,
    StoredContent,
    Workspace,
    WorkspaceFile,
    WorkspaceStatus,
)
from grove.workspaces.pins import PIN, keep_pinned, unpin
from grove.workspaces.tables import WorkspaceRow

ATTEMPTS_MAX: Final = 8
"""How often an edit is done again because another one was quicker."""
PATCH_CONTEXT: Final = 3
MADE = faults.declare("workspace.made")
WRITTEN = faults.declare("workspace.written")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceDesk(Ground):
    """Opens, changes and ends the workspaces of one data folder; any number of threads may use it."""

    def create(self, actor: Actor, *, repository: str, name: str, target: str, now: datetime) -> Workspace:
        """Open a workspace at a branch, tag or commit; the default branch if `target` is empty.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNameInvalid: if that cannot be its name.
        :raises WorkspaceExists: if `actor` has an open one of that name.
        :raises WorkspacesTooMany: if `actor` has as many as there may be.
        :raises MirrorAbsent: if nothing of the repository is here yet.
        :raises RevisionUnknown: if it has no such branch, tag or commit.
        """
        rows.check_name(name)
        with self.database.reading() as tx:
            tx.require(actor, "workspace.create", Resource(kind="workspace", tenant_id=actor.tenant_id))
            found = find_repository(tx, actor=actor, name=repository)
            rows.require_room(tx, owner_id=actor.id, name=name, limits=self.limits)
        workspace_id, git, mirror = new_id(), self.mirrors.git, self.mirrors.path(found)
        target = target or found.default_branch or "HEAD"
        base = self.mirrors.resolve(found, target)
        with git.objects(mirror) as reader:
            tree, _ = reader.read_root(base)
        folder = self.locator.workspace(tenant_id=actor.tenant_id, workspace_id=workspace_id)
        # First the folder: it tells the sweep after a crash which pin to take away.
        git.init(folder, borrowing=mirror)
        git.update_refs(mirror, updates={PIN + workspace_id: base})
        faults.reach(MADE)
        own_bytes = allocated_bytes(folder)
        try:
            with self.database.transaction() as tx:
                tx.require(actor, "workspace.create", Resource(kind="workspace", tenant_id=actor.tenant_id))
                rows.require_repository(tx, actor=actor, repository_id=found.id)
                rows.require_room(tx, owner_id=actor.id, name=name, limits=self.limits)
                row = WorkspaceRow(
                    id=workspace_id,
                    tenant_id=actor.tenant_id,
                    repository_id=found.id,
                    owner_id=actor.id,
                    name=name,
                    slot=name,
                    branch=branch_name(name),
                    target=target,
                    base=base,
                    head=base,
                    tree=tree,
                    version=1,
                    written_bytes=0,
                    own_bytes=own_bytes,
                    created_at=now,
                    used_at=now,
                )
                tx.session.add(row)
                tx.session.flush()
                opened = WorkspaceOpened(tenant_id=row.tenant_id, workspace_id=row.id, actor_id=actor.id, at=now)
                tx.publish(opened)
                made = row.value()
                rows.record(tx, "workspace.create", made, actor=actor, now=now, name=name, base=base)
        except BaseException:
            remove_tree(folder)
            unpin(git, mirror, workspace_id)
            raise
        return made

    def owned(self, actor: Actor, *, ended: bool = False, everybody: bool = False) -> list[Workspace]:
        """The actor's workspaces, or those of everybody for administrators; the last used first.

        :raises Denied: if `actor` may not see them.
        """
        with self.database.reading() as tx:
            return rows.list_workspaces(tx, actor=actor, ended=ended, everybody=everybody)

    def end(self, actor: Actor, name: str, *, now: datetime) -> Workspace:
        """End a workspace; its commits and changes are kept, and it can be restored.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        :raises ChangedMeanwhile: if others change it all the time.
        """
        for _ in range(ATTEMPTS_MAX):
            with self.database.reading() as tx:
                seen = rows.unended_row(tx, actor=actor, name=name, action=rows.CHANGE).value()
            rescue = self._rescued(actor, seen, now=now)
            with self.database.transaction() as tx:
                rows.unended_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
                ended = rows.end(tx, seen, actor=actor, now=now, rescue=rescue)
            if ended is not None:
                return ended
        raise ChangedMeanwhile(workspace=name)

    def restore(self, actor: Actor, name: str, *, now: datetime) -> Workspace:
        """Open a workspace again that has ended, as it was; one that has not ended stays as it is.

        Named by its name and not by its id, it is the actor's that ended last.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceExists: if its name has been taken meanwhile.
        """
        with self.database.transaction() as tx:
            row = rows.restorable_row(tx, actor=actor, name=name)
            if row.ended_at is None:
                return row.value()
            rows.require_repository(tx, actor=actor, repository_id=row.repository_id)
            rows.require_room(tx, owner_id=row.owner_id, name=row.name, limits=self.limits)
            row.slot, row.ended_at, row.used_at, row.version = row.name, None, now, row.version + 1
            row.rescue = None
            rows.record(tx, "workspace.restore", row.value(), actor=actor, now=now)
            return row.value()

    def read(self, actor: Actor, name: str, *, path: str) -> WorkspaceFile:
        """A file as it is in the workspace; of a link, where it leads to.

        :raises PathMissing: if there is no such file.
        :raises ObjectTooLarge: if it is too large to be shown.
        """
        workspace = self._seen(actor, name)
        with self._objects(workspace) as reader:
            entry = reader.entry_at(workspace.tree, path_bytes(path))
            content = reader.blob_at(workspace.tree, path_bytes(path))
        return WorkspaceFile(
            path=path,
            oid=entry.oid,
            content=content,
            executable=entry.mode == EXECUTABLE_MODE,
            is_link=entry.kind is EntryKind.SYMLINK,
        )

    def files(self, actor: Actor, name: str, *, folder: str = "") -> list[TreeEntry]:
        """What is in a folder of the workspace.

        :raises PathMissing: if there is no such folder.
        """
        workspace = self._seen(actor, name)
        prefix = path_bytes(folder) if folder else b""
        return list(self.mirrors.git.list_tree(self._folder(workspace), workspace.tree, prefix=prefix, recursive=False))

    def store(self, actor: Actor, name: str, *, file: int, size_bytes: int) -> StoredContent:
        """Keep the content of an open file, so that an edit can put it at a path; until then nothing leads to it.

        :raises Denied: if `actor` may not.
        :raises QuotaExceeded: if the owner's workspaces take as much room as they may.
        """
        return StoredContent(oid=self._writer(self._begun(actor, name)).blob_from(file), size_bytes=size_bytes)

    def edit(self, actor: Actor, name: str, *, edits: Sequence[Edit], now: datetime) -> Workspace:
        """Change files: all of the edits count, or none.

        :raises Denied: if `actor` may not.
        :raises WorkspaceFull: if the owner has written as much as may be.
        :raises ChangedMeanwhile: if a file is not as an edit expects it, or others change the workspace all the time.
        :raises PathMissing: if a file to move or remove is not there.
        :raises WorkspacePathRefused: if a path cannot be one of a file.
        """
        size_bytes = sum(edit.size_bytes for edit in edits)
        for _ in range(ATTEMPTS_MAX):
            seen = self._begun(actor, name) if size_bytes else self._seen(actor, name, action=rows.CHANGE)
            with self._objects(seen) as reader:
                tree = edited(reader, self._writer(seen), seen.tree, edits)
            faults.reach(WRITTEN)
            with self.database.transaction() as tx:
                row = rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE)
                if not rows.is_changed(tx, seen, tree=tree, used_at=now):
                    continue
                rows.count_written(tx, row, size_bytes=size_bytes, limits=self.limits)
                paths = [edit.path for edit in edits]
                rows.record(tx, "workspace.edit", seen, actor=actor, now=now, paths=paths)
                tx.session.flush()
                tx.session.refresh(row)
                changed = row.value()
            return self._measured(changed, size_bytes=size_bytes)
        raise ChangedMeanwhile(workspace=name)

    def status(self, actor: Actor, name: str, *, patches: bool = False, since_base: bool = False) -> WorkspaceStatus:
        """What is not committed (or, `since_base`, all that differs from where it began), and how stale it is.

        One that has ended is told of too, by its id.

        :raises RepositoryTooLarge: if the patches are too long to be shown.
        """
        with self.database.reading() as tx:
            workspace = rows.readable_row(tx, actor=actor, name=name, action=rows.VIEW).value()
        history = self.mirrors.git.history(self._folder(workspace))
        before = workspace.base if since_base else workspace.head
        files = history.differing_files(before, workspace.tree)
        texts: Sequence[bytes | None] = [None] * len(files)
        if patches:
            texts = history.patches(before, workspace.tree, files=files, context=PATCH_CONTEXT)
        upstream = self._upstream(actor, workspace)
        changes = tuple(
            ChangedFile(
                path=file.path.decode(errors="backslashreplace"),
                old_path=file.old_path.decode(errors="backslashreplace"),
                kind=file.kind,
                patch=None if patch is None else patch.decode(errors="replace"),
            )
            for file, patch in zip(files, texts, strict=True)
        )
        return WorkspaceStatus(
            workspace=workspace,
            changes=changes,
            upstream=upstream,
            standing=self._standing(workspace, upstream),
        )

    def log(self, actor: Actor, name: str, *, skip: int = 0, limit: int) -> list[Commit]:
        """The commits that lead to the workspace's last one, newest first."""
        workspace = self._seen(actor, name)
        return self.mirrors.git.history(self._folder(workspace)).commits(workspace.head, skip=skip, limit=limit)

    def commit_changes(self, actor: Actor, name: str, *, message: str, now: datetime) -> Workspace:
        """Make a commit of all changes, by the actor.

        :raises NothingToCommit: if there are none.
        :raises ChangedMeanwhile: if something was changed while it was made.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        with self._objects(seen) as reader:
            if reader.read_root(seen.head)[0] == seen.tree:
                raise NothingToCommit(workspace=name)
        head = self._writer(seen).write_commit(
            seen.tree, parents=[seen.head], committer=committer(actor, now=now), message=message or "Change files"
        )
        return self._moved(actor, seen, action="workspace.commit", head=head, tree=seen.tree, now=now)

    def refresh(self, actor: Actor, name: str, *, now: datetime) -> Workspace:
        """Move a workspace forward to what the mirror has of its branch now.

        :raises WorkspaceDirty: if there are changes that are not committed.
        :raises WorkspaceDiverged: if it has commits that the mirror lacks.
        """
        with self.database.transaction() as tx:
            rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE)
        status = self.status(actor, name)
        seen = status.workspace
        if status.upstream is None or not status.is_stale:
            return seen
        if status.changes:
            raise WorkspaceDirty(workspace=name, changes=len(status.changes))
        if status.ahead:
            raise WorkspaceDiverged(workspace=name, ahead=status.ahead, behind=status.behind)
        with self._objects(seen) as reader:
            tree, _ = reader.read_root(status.upstream)
        mirror = self.mirrors.path(self._repository(actor, seen))
        keep_pinned(self.mirrors.git, mirror, seen, status.upstream)
        return self._moved(
            actor, seen, action="workspace.refresh", head=status.upstream, base=status.upstream, tree=tree, now=now
        )
