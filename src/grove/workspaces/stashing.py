"""Changes put aside: each stash is a commit on top of the one that they were made on, kept by a ref of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import TreeComposer, read_commit
from grove.kit.gate import Actor
from grove.workspaces import rows
from grove.workspaces.errors import NothingToStash, StashConflicts, StashNotFound
from grove.workspaces.ground import Ground, committer
from grove.workspaces.merging import settled, told
from grove.workspaces.model import Resolution, Stash, Workspace

STASHES: Final = "refs/grove/stashes/"
"""In the git directory of a workspace, each named by the branch that it was made on, and its commit."""


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
        self.mirrors.git.update_refs(self._folder(seen), updates={_ref_of(seen.branch, stash): stash})
        return self._moved(actor, seen, action="workspace.stash", tree=committed, now=now)

    def stashes(self, actor: Actor, name: str) -> list[Stash]:
        """What was put aside, on whichever branch, the newest first.

        :raises WorkspaceNotFound: if there is no such workspace.
        """
        return self._listed(self._seen(actor, name))

    def apply(
        self,
        actor: Actor,
        name: str,
        *,
        stash: str = "",
        resolutions: Sequence[Resolution] = (),
        drop: bool,
        now: datetime,
    ) -> Workspace:
        """Bring changes back onto the files as they are now: all of them, or nothing.

        Without an id it is the newest of those that were made on the current branch. `resolutions` say what
        conflicting paths are to be: `ours` are the files as they are now.

        :raises Denied: if `actor` may not.
        :raises StashNotFound: if there is no such stash.
        :raises StashConflicts: if a path has conflicts and no resolution; all of them are in the facts.
        :raises ChangedMeanwhile: if the workspace was changed meanwhile.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        found = self._found(seen, stash)
        # Git merges from where two commits part: the files as they are now stand on the commit that the stash is on.
        now_here = self._writer(seen).write_commit(
            seen.tree,
            parents=found.commit.parents,
            committer=committer(actor, now=now),
            message="Stand in for the files",
        )
        merged = TreeComposer(self.mirrors.git.config, self._folder(seen)).merged(now_here, found.commit.oid)
        with self._objects(seen) as reader:
            tree, left = settled(merged, resolutions, reader, self._writer(seen))
            if left:
                names = {now_here: seen.branch, found.commit.oid: f"stash {found.commit.oid[:12]}"}
                conflicts = told(left, merged, reader, names=names)
                raise StashConflicts(stash=found.commit.oid, conflicts=conflicts)
        size_bytes = sum(len(resolution.content) for resolution in resolutions)
        moved = self._moved(actor, seen, action="workspace.unstash", tree=tree, size_bytes=size_bytes, now=now)
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
            rows.record(tx, "workspace.stash_dropped", seen, actor=actor, now=now, stash=found.commit.oid)
        self._forget(seen, found)
        return seen

    def _listed(self, workspace: Workspace) -> list[Stash]:
        refs = self.mirrors.git.refs(self._folder(workspace))
        kept = {name.removeprefix(STASHES): oid for name, oid in refs.items() if name.startswith(STASHES)}
        with self._objects(workspace) as reader:
            found = [
                Stash(branch=name.rpartition("/")[0], commit=read_commit(reader, oid)) for name, oid in kept.items()
            ]
        return sorted(found, key=lambda stash: (stash.commit.committer.at, stash.commit.oid), reverse=True)

    def _found(self, workspace: Workspace, stash: str) -> Stash:
        """The only stash whose id begins so; without an id, the newest of the current branch."""
        every = self._listed(workspace)
        if stash:
            found = [each for each in every if each.commit.oid.startswith(stash)]
        else:
            found = [each for each in every if each.branch == workspace.branch][:1]
        if len(found) != 1:
            raise StashNotFound(
                workspace=workspace.name, branch=workspace.branch, stash=stash, fitting=len(found), of_all=len(every)
            )
        return found[0]

    def _forget(self, workspace: Workspace, stash: Stash) -> None:
        gone = _ref_of(stash.branch, stash.commit.oid)
        self.mirrors.git.update_refs(self._folder(workspace), deletes=[gone], updates={})


def _ref_of(branch: str, stash: str) -> str:
    """What keeps a stash; those that were made before stashes belonged to branches have none."""
    return f"{STASHES}{branch}/{stash}" if branch else f"{STASHES}{stash}"
