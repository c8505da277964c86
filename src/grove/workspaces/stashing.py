"""Changes put aside: each stash is a commit on top of the one that they were made on, kept by a ref of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import Commit, TreeComposer, read_commit
from grove.kit.gate import Actor
from grove.workspaces import rows
from grove.workspaces.errors import MergeConflicts, NothingToStash, StashNotFound
from grove.workspaces.ground import Ground, committer
from grove.workspaces.merging import told
from grove.workspaces.model import Workspace

STASHES: Final = "refs/grove/stashes/"
"""In the git directory of a workspace, each named by its commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StashDesk(Ground):
    """Puts changes of workspaces aside and brings them back; any number of threads may use it."""

    def save(self, actor: Actor, name: str, *, message: str, now: datetime) -> Workspace:
        """Put all that is not committed aside; the workspace is clean then.

        :raises Denied: if `actor` may not.
        :raises NothingToStash: if there is nothing.
        :raises ChangedMeanwhile: if the workspace was changed meanwhile.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        with self._objects(seen) as reader:
            committed, _ = reader.read_root(seen.head)
        if committed == seen.tree:
            raise NothingToStash(workspace=seen.name)
        stash = self._writer(seen).write_commit(
            seen.tree, parents=[seen.head], committer=committer(actor, now=now), message=message or "Put aside"
        )
        # First the ref: a crash now leaves the changes in the workspace and in the stash, and never in neither.
        self.mirrors.git.update_refs(self._folder(seen), updates={STASHES + stash: stash})
        return self._moved(actor, seen, action="workspace.stash", tree=committed, now=now)

    def stashes(self, actor: Actor, name: str) -> list[Commit]:
        """What was put aside, the newest first.

        :raises WorkspaceNotFound: if there is no such workspace.
        """
        return self._listed(self._seen(actor, name))

    def apply(self, actor: Actor, name: str, *, stash: str = "", drop: bool, now: datetime) -> Workspace:
        """Bring changes back onto the files as they are now: all of them, or nothing. Without an id the newest.

        :raises Denied: if `actor` may not.
        :raises StashNotFound: if there is no such stash.
        :raises MergeConflicts: if the same lines were changed meanwhile; all of them are in the facts.
        :raises ChangedMeanwhile: if the workspace was changed meanwhile.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        found = self._found(seen, stash)
        # Git merges from where two commits part: the files as they are now stand on the commit that the stash is on.
        now_here = self._writer(seen).write_commit(
            seen.tree, parents=found.parents, committer=committer(actor, now=now), message="Stand in for the files"
        )
        merged = TreeComposer(self.mirrors.git.config, self._folder(seen)).merged(now_here, found.oid)
        if merged.conflicts:
            with self._objects(seen) as reader:
                raise MergeConflicts(stash=found.oid, conflicts=told(merged.conflicts, merged, reader))
        moved = self._moved(actor, seen, action="workspace.unstash", tree=merged.tree, now=now)
        if drop:
            self._forget(seen, found)
        return moved

    def drop(self, actor: Actor, name: str, *, stash: str, now: datetime) -> Workspace:
        """Throw away what was put aside.

        :raises Denied: if `actor` may not.
        :raises StashNotFound: if there is no such stash.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        found = self._found(seen, stash)
        with self.database.transaction() as tx:
            rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            rows.record(tx, "workspace.stash_dropped", seen, actor=actor, now=now, stash=found.oid)
        self._forget(seen, found)
        return seen

    def _listed(self, workspace: Workspace) -> list[Commit]:
        refs = self.mirrors.git.refs(self._folder(workspace))
        with self._objects(workspace) as reader:
            found = [read_commit(reader, oid) for name, oid in refs.items() if name.startswith(STASHES)]
        return sorted(found, key=lambda commit: (commit.committer.at, commit.oid), reverse=True)

    def _found(self, workspace: Workspace, stash: str) -> Commit:
        """The only stash whose id begins so."""
        found = [commit for commit in self._listed(workspace) if commit.oid.startswith(stash)]
        if not found or (stash and len(found) > 1):
            raise StashNotFound(workspace=workspace.name, stash=stash, fitting=len(found))
        return found[0]

    def _forget(self, workspace: Workspace, stash: Commit) -> None:
        self.mirrors.git.update_refs(self._folder(workspace), deletes=[STASHES + stash.oid], updates={})
