"""Merging and rebasing a workspace onto its branch in the mirror, on objects alone.

A merge happens whole or not at all. Conflicts come back as data, and nothing of the workspace has changed; the same
call with what each of the paths is to be makes the merge. So there is no half-merged state that could be left behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import Commit, Conflict, Merged, ObjectReader, ObjectWriter, Side, TreeComposer, read_commit
from grove.kit.gate import Actor
from grove.workspaces.editing import edited
from grove.workspaces.errors import ChangedMeanwhile, MergeConflicts, RebaseRefused, WorkspaceDirty
from grove.workspaces.ground import Ground, committer
from grove.workspaces.model import Edit, EditKind, Resolution, Workspace
from grove.workspaces.pins import keep_pinned

MARKED_UP_BYTES_MAX: Final = 256 * 1024
CONFLICTS_SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeDesk(Ground):
    """Brings workspaces and their branches in the mirror together; any number of threads may use it."""

    def merge(
        self,
        actor: Actor,
        name: str,
        *,
        resolutions: Sequence[Resolution] = (),
        upstream: str | None = None,
        now: datetime,
    ) -> Workspace:
        """Merge what the mirror has of the branch into the workspace.

        `resolutions` say what conflicting paths are to be; `upstream` is the commit that they were made for.

        :raises Denied: if `actor` may not.
        :raises WorkspaceDirty: if there are changes that are not committed.
        :raises MergeConflicts: if a path has conflicts and no resolution; all of them are in the facts.
        :raises ChangedMeanwhile: if the mirror has moved on from `upstream`, or the workspace was changed meanwhile.
        """
        seen, theirs = self._both(actor, name, upstream)
        if theirs is None:
            return seen
        history = self.mirrors.git.history(self._folder(seen))
        if not history.list_new([seen.head], known=[theirs]):
            with self._objects(seen) as reader:
                tree, _ = reader.read_root(theirs)
            return self._brought(actor, seen, head=theirs, upstream=theirs, tree=tree, action="merge", now=now)
        merged = self._composer(seen).merged(seen.head, theirs)
        with self._objects(seen) as reader:
            tree, left = settled(merged, resolutions, reader, self._writer(seen))
            if left:
                names = {seen.head: seen.branch, theirs: seen.target}
                raise MergeConflicts(upstream=theirs, conflicts=told(left, merged, reader, names=names))
        head = self._writer(seen).write_commit(
            tree,
            parents=[seen.head, theirs],
            committer=committer(actor, now=now),
            message=f"Merge {seen.target} into {seen.branch}",
        )
        size_bytes = sum(len(resolution.content) for resolution in resolutions)
        return self._brought(
            actor, seen, head=head, upstream=theirs, tree=tree, action="merge", now=now, size_bytes=size_bytes
        )

    def rebase(self, actor: Actor, name: str, *, now: datetime) -> Workspace:
        """Make the workspace's commits anew on top of what the mirror has of the branch; empty ones are left out.

        :raises Denied: if `actor` may not.
        :raises WorkspaceDirty: if there are changes that are not committed.
        :raises RebaseRefused: if there are merges among the commits.
        :raises MergeConflicts: if a commit does not fit; it and its conflicts are in the facts.
        :raises ChangedMeanwhile: if the workspace was changed meanwhile.
        """
        seen, theirs = self._both(actor, name, None)
        if theirs is None:
            return seen
        own = self.mirrors.git.history(self._folder(seen)).list_new([seen.head], known=[theirs])
        with self._objects(seen) as reader:
            commits = [read_commit(reader, oid) for oid in reversed(own)]
            if any(len(commit.parents) != 1 for commit in commits):
                raise RebaseRefused(workspace=seen.name)
            head, tree = theirs, reader.read_root(theirs)[0]
            for commit in commits:
                head, tree = self._replayed(actor, seen, commit, onto=(head, tree), now=now)
        return self._brought(actor, seen, head=head, upstream=theirs, tree=tree, action="rebase", now=now)

    def _replayed(
        self, actor: Actor, seen: Workspace, commit: Commit, *, onto: tuple[str, str], now: datetime
    ) -> tuple[str, str]:
        """The commit and its tree, on top of another one."""
        head, tree = onto
        writer, who = self._writer(seen), committer(actor, now=now)
        # Git merges from where two commits part. One that has the new tree, and the old parent, parts from the
        # commit where that one's own change begins.
        stand_in = writer.write_commit(tree, parents=commit.parents, committer=who, message="Stand in for a rebase")
        merged = self._composer(seen).merged(stand_in, commit.oid)
        if merged.conflicts:
            with self._objects(seen) as reader:
                names = {stand_in: seen.target, commit.oid: f"{commit.oid[:12]} {commit.subject}"}
                raise MergeConflicts(commit=commit.oid, conflicts=told(merged.conflicts, merged, reader, names=names))
        if merged.tree == tree:
            return head, tree
        made = writer.write_commit(
            merged.tree, parents=[head], author=commit.author, committer=who, message=commit.message
        )
        return made, merged.tree

    def _both(self, actor: Actor, name: str, upstream: str | None) -> tuple[Workspace, str | None]:
        """The workspace, and the commit to bring in; nothing if it has it already."""
        seen = self._begun(actor, name)
        theirs = self._upstream(actor, seen)
        if upstream is not None and upstream != theirs:
            raise ChangedMeanwhile(workspace=seen.name, found=theirs or "", expected=upstream)
        with self._objects(seen) as reader:
            if reader.read_root(seen.head)[0] != seen.tree:
                raise WorkspaceDirty(workspace=seen.name)
        history = self.mirrors.git.history(self._folder(seen))
        return seen, theirs if theirs and history.list_new([theirs], known=[seen.head]) else None

    def _brought(
        self,
        actor: Actor,
        seen: Workspace,
        *,
        upstream: str,
        action: str,
        now: datetime,
        size_bytes: int = 0,
        **values: str,
    ) -> Workspace:
        mirror = self.mirrors.path(self._repository(actor, seen))
        keep_pinned(self.mirrors.git, mirror, seen, upstream)
        return self._moved(
            actor, seen, action=f"workspace.{action}", base=upstream, now=now, size_bytes=size_bytes, **values
        )

    def _composer(self, workspace: Workspace) -> TreeComposer:
        return TreeComposer(self.mirrors.git.config, self._folder(workspace))


def settled(
    merged: Merged, resolutions: Sequence[Resolution], reader: ObjectReader, writer: ObjectWriter
) -> tuple[str, list[Conflict]]:
    """The tree of a merge, with what was said of its conflicts; and those of which nothing was said."""
    left = {conflict.path.decode(errors="surrogateescape"): conflict for conflict in merged.conflicts}
    edits = [_edit(resolution, left, reader) for resolution in resolutions]
    for resolution in resolutions:
        left.pop(resolution.path, None)
    if left:
        return merged.tree, list(left.values())
    return edited(reader, writer, merged.tree, [edit for edit in edits if edit is not None]), []


def _edit(resolution: Resolution, conflicts: dict[str, Conflict], reader: ObjectReader) -> Edit | None:
    """What a resolution does to the tree of the merge."""
    conflict = conflicts.get(resolution.path)
    if resolution.take is None:
        return Edit(kind=EditKind.WRITE, path=resolution.path, content=resolution.content)
    side = None if conflict is None else (conflict.ours if resolution.take == "ours" else conflict.theirs)
    if conflict is None:
        return None
    if side is None:
        return Edit(kind=EditKind.REMOVE, path=resolution.path)
    content = reader.read(side.oid)
    return Edit(kind=EditKind.WRITE, path=resolution.path, content=content, executable=bool(side.mode & 0o100))


def told(
    conflicts: Sequence[Conflict], merged: Merged, reader: ObjectReader, *, names: Mapping[str, str]
) -> list[dict[str, object]]:
    """Conflicts as the facts of a refusal; `names` are what people call the two commits."""
    return [
        {
            "path": conflict.path.decode(errors="backslashreplace"),
            "base": _oid(conflict.base),
            "ours": _oid(conflict.ours),
            "theirs": _oid(conflict.theirs),
            "text": _marked_up(merged.tree, conflict, reader, names) if number < CONFLICTS_SHOWN_MAX else None,
        }
        for number, conflict in enumerate(conflicts)
    ]


def _oid(side: Side | None) -> str | None:
    return side.oid if side else None


def _marked_up(tree: str, conflict: Conflict, reader: ObjectReader, names: Mapping[str, str]) -> str | None:
    """The file with both sides between marks; nothing if it is not text, is gone on a side, or is long."""
    if conflict.ours is None or conflict.theirs is None:
        return None
    content = reader.read_start(reader.entry_at(tree, conflict.path).oid, MARKED_UP_BYTES_MAX + 1)
    if len(content) > MARKED_UP_BYTES_MAX or b"\0" in content:
        return None
    for oid, name in names.items():
        for mark in (b"<<<<<<< ", b">>>>>>> "):  # git names both sides by their ids
            content = content.replace(mark + oid.encode(), mark + name.encode())
    return content.decode(errors="replace")
