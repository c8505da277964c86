"""Further branches of a workspace: each has commits of its own; the files are those of the current one.

Nothing is ever lost by a switch: what is not committed comes along where the other branch has these files as they are
here, and refuses the switch where it has not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from grove.git import TreeComposer
from grove.kit import faults
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.workspaces import branches, rows
from grove.workspaces.errors import (
    BranchExists,
    BranchInUse,
    BranchUnmerged,
    ChangedMeanwhile,
    SwitchRefused,
    WorkspaceHeld,
)
from grove.workspaces.ground import MOVING, Ground, committer
from grove.workspaces.model import Branch, Workspace
from grove.workspaces.pins import keep_pinned, pin_earlier

PATHS_TOLD_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDesk(Ground):
    """Makes branches of workspaces and switches between them; any number of threads may use it."""

    is_held: Callable[[Transaction, str], bool]
    """Whether the workspace has a folder, which is on the branch that it was laid out for; by its id."""

    def branches(self, actor: Actor, name: str) -> list[Branch]:
        """The branches of a workspace, the current one first.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        """
        with self.database.reading() as tx:
            seen = rows.open_row(tx, actor=actor, name=name, action=rows.VIEW).value()
            found = [branches.current(seen), *branches.others(tx, seen)]
        refs = self.mirrors.git.refs(self.mirrors.path(self._repository(actor, seen)))
        history = self.mirrors.git.history(self._folder(seen))
        return [
            replace(each, ahead=len(history.list_new([each.head], known=[refs.get(_ref(each), each.base)])))
            for each in found
        ]

    def create(
        self, actor: Actor, name: str, *, branch: str, ref: str = "", version: int | None = None, now: datetime
    ) -> Branch:
        """Make a branch at the workspace's last commit, or at a branch, tag or commit of the mirror; none is changed.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNameInvalid: if it cannot be called so.
        :raises BranchExists: if there is one of that name.
        :raises BranchesTooMany: if there are as many as there may be.
        :raises RevisionUnknown: if the mirror has no such branch, tag or commit.
        :raises ChangedMeanwhile: if the workspace is not of that version, or was changed meanwhile.
        """
        seen = self._at(actor, name, version)
        made = self._new(actor, seen, branch=branch, ref=ref)
        with self.database.transaction() as tx:
            rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            branches.put(tx, seen, made)
            if not rows.is_changed(tx, seen, used_at=now):
                raise ChangedMeanwhile(workspace=seen.name)
            rows.record(tx, "workspace.branch", seen, actor=actor, now=now, branch=made.name, head=made.head)
        return made

    def switch(
        self,
        actor: Actor,
        name: str,
        *,
        branch: str,
        creates: bool = False,
        ref: str = "",
        version: int | None = None,
        now: datetime,
    ) -> Workspace:
        """Make another branch the current one, a new one if it `creates` it, like `create`.

        What is not committed comes along where both branches have these files alike.

        :raises Denied: if `actor` may not.
        :raises BranchNotFound: if there is none of that name.
        :raises BranchExists: if it is to be made, and is there.
        :raises SwitchRefused: if files that are not committed are others on that branch.
        :raises WorkspaceHeld: if the workspace has a folder.
        :raises ChangedMeanwhile: if the workspace is not of that version, or was changed meanwhile.
        """
        seen = self._at(actor, name, version)
        if not creates and branches.branch_name(branch) == seen.branch:
            return seen
        if creates:
            wanted = self._new(actor, seen, branch=branch, ref=ref)
        else:
            with self.database.reading() as tx:
                wanted = branches.other(tx, seen, branches.branch_name(branch))
        tree = self._carried(actor, seen, wanted, now=now)
        keep_pinned(self.mirrors.git, self.mirrors.path(self._repository(actor, seen)), seen, wanted.base)
        faults.reach(MOVING)
        with self.database.transaction() as tx:
            row = rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            if self.is_held(tx, seen.id):
                raise WorkspaceHeld(workspace=seen.name)
            if not creates and branches.take(tx, seen, wanted.name) != wanted:
                raise ChangedMeanwhile(workspace=seen.name)
            branches.put(tx, seen, branches.current(seen))
            values = {"branch": wanted.name, "target": wanted.target, "base": wanted.base, "head": wanted.head}
            if not rows.is_changed(tx, seen, tree=tree, used_at=now, **values):
                raise ChangedMeanwhile(workspace=seen.name)
            rows.record(tx, "workspace.switch", seen, actor=actor, now=now, branch=wanted.name, head=wanted.head)
            tx.session.flush()
            tx.session.refresh(row)
            return row.value()

    def remove(self, actor: Actor, name: str, *, branch: str, discards: bool, now: datetime) -> Branch:
        """Remove a branch; one with commits that are nowhere else only if it `discards` them.

        :raises Denied: if `actor` may not.
        :raises BranchInUse: if it is the current one.
        :raises BranchNotFound: if there is none of that name.
        :raises BranchUnmerged: if it has commits that are nowhere else.
        :raises ChangedMeanwhile: if the workspace was changed meanwhile.
        """
        seen = self._seen(actor, name, action=rows.CHANGE)
        gone = branches.branch_name(branch)
        if gone == seen.branch:
            raise BranchInUse(workspace=seen.name, branch=gone)
        with self.database.reading() as tx:
            known = branches.other(tx, seen, gone)
            left = [each for each in branches.others(tx, seen) if each.name != gone]
        left.append(branches.current(seen))
        refs = self.mirrors.git.refs(self.mirrors.path(self._repository(actor, seen)))
        kept = [*(oid for each in left for oid in (each.head, each.base)), refs.get(_ref(known), known.base)]
        lost = self.mirrors.git.history(self._folder(seen)).list_new([known.head], known=[*kept, known.base])
        if lost and not discards:
            raise BranchUnmerged(workspace=seen.name, branch=gone, commits=len(lost), head=known.head)
        with self.database.transaction() as tx:
            rows.open_row(tx, actor=actor, name=seen.id, action=rows.CHANGE)
            branches.take(tx, seen, gone)
            if not rows.is_changed(tx, seen, used_at=now):
                raise ChangedMeanwhile(workspace=seen.name)
            rows.record(tx, "workspace.branch_removed", seen, actor=actor, now=now, branch=gone, head=known.head)
        return known

    def _at(self, actor: Actor, name: str, version: int | None) -> Workspace:
        seen = self._seen(actor, name, action=rows.CHANGE)
        if version is not None and version != seen.version:
            raise ChangedMeanwhile(workspace=seen.name, found=seen.version, expected=version)
        return seen

    def _new(self, actor: Actor, seen: Workspace, *, branch: str, ref: str) -> Branch:
        """A branch that is not there yet, and whose beginning stays in the mirror."""
        name = branches.branch_name(branch)
        if name == seen.branch:
            raise BranchExists(workspace=seen.name, branch=name)
        repository = self._repository(actor, seen)
        made = replace(branches.current(seen), name=name, is_current=False)
        if ref:
            base = self.mirrors.resolve(repository, ref)
            made = Branch(name=name, target=ref, base=base, head=base)
        pin_earlier(self.mirrors.git, self.mirrors.path(repository), seen, made.base)
        return made

    def _carried(self, actor: Actor, seen: Workspace, wanted: Branch, *, now: datetime) -> str:
        """The files of another branch, with what is not committed here."""
        with self._objects(seen) as reader:
            here, there = reader.read_root(seen.head)[0], reader.read_root(wanted.head)[0]
        if here == seen.tree:
            return there
        if here == there:
            return seen.tree
        mine = self._differing(seen, here, seen.tree)
        if both := mine & self._differing(seen, here, there):
            raise self._refused(seen, wanted, both)
        # Both changes begin at the same commit, as git sees it.
        writer, who = self._writer(seen), committer(actor, now=now)
        theirs, ours = (
            writer.write_commit(tree, parents=[seen.head], committer=who, message="Stand in for a switch")
            for tree in (there, seen.tree)
        )
        merged = TreeComposer(self.mirrors.git.config, self._folder(seen)).merged(theirs, ours)
        # A merge may take a new file into a folder that the other side has renamed: a switch moves nothing.
        if merged.conflicts or self._differing(seen, there, merged.tree) != mine:
            raise self._refused(seen, wanted, mine)
        return merged.tree

    def _differing(self, seen: Workspace, before: str, after: str) -> set[bytes]:
        files = self.mirrors.git.history(self._folder(seen)).differing_files(before, after)
        return {path for file in files for path in (file.path, file.old_path)}

    def _refused(self, seen: Workspace, wanted: Branch, paths: set[bytes]) -> SwitchRefused:
        told = sorted(path.decode(errors="backslashreplace") for path in paths)
        return SwitchRefused(workspace=seen.name, branch=wanted.name, paths=told[:PATHS_TOLD_MAX])


def _ref(branch: Branch) -> str:
    return f"refs/heads/{branch.target}"
