"""What can be wrong with workspaces."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class WorkspaceNotFound(GroveError):
    """There is no such workspace."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "workspace_not_found"


class WorkspaceNameInvalid(GroveError):
    """A workspace's name has up to 60 letters, digits, `.`, `_` and `-`, begins with a letter or digit, and is no
    device of Windows, such as `con`.
    """

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "workspace_name_invalid"


class WorkspaceExists(GroveError):
    """You have an open workspace of that name."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspace_exists"


class WorkspacesTooMany(GroveError):
    """You have as many open workspaces as you may; end one first."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspaces_too_many"


class WorkspaceFull(GroveError):
    """What you have written to your open workspaces is as much as you may."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "workspace_full"


class WorkspaceEnded(GroveError):
    """The workspace has ended; restore it to go on."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspace_ended"


class WorkspacesOpen(GroveError):
    """The repository has open workspaces; end them before it is removed."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspaces_open"


class ChangedMeanwhile(GroveError):
    """The file is not as expected; read it again."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "changed_meanwhile"


class WorkspacePathRefused(GroveError):
    """This cannot be the path of a file here."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "workspace_path_refused"


class NothingToCommit(GroveError):
    """Nothing has changed since the last commit."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "nothing_to_commit"


class WorkspaceDirty(GroveError):
    """There are changes that are not committed; commit or undo them first."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspace_dirty"


class PushElsewhere(GroveError):
    """A push to a workspace goes to its current branch; `grove ws switch` makes another one that."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "push_elsewhere"


class WorkspaceDiverged(GroveError):
    """The workspace has commits that the mirror lacks, so that it cannot be moved forward."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspace_diverged"


class PatchRefused(GroveError):
    """The patch does not fit, and nothing of it was applied; read the files again and make it anew."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "patch_refused"


class MergeConflicts(GroveError):
    """Both sides changed the same files, and nothing was merged; say for each of them what it is to be."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "merge_conflicts"


class RebaseRefused(GroveError):
    """A branch with merges in it cannot be rebased; merge instead."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "rebase_refused"


class TextNotFound(GroveError):
    """The text to replace is not in the file exactly once; read the file again, and give more of what is around it."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "text_not_found"


class StashConflicts(GroveError):
    """The same lines were changed since, and nothing was brought back; say for each of the files what it is to be."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "stash_conflicts"


class NothingToStash(GroveError):
    """Nothing has changed since the last commit, so there is nothing to put aside."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "nothing_to_stash"


class StashNotFound(GroveError):
    """There is no stash of this branch, or none whose id begins so, or more than one."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "stash_not_found"


class BranchNotFound(GroveError):
    """The workspace has no such branch."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "branch_not_found"


class BranchExists(GroveError):
    """The workspace has a branch of that name."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "branch_exists"


class BranchesTooMany(GroveError):
    """The workspace has as many branches as it may; remove one first."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "branches_too_many"


class BranchInUse(GroveError):
    """The workspace is on this branch; switch to another one first."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "branch_in_use"


class BranchUnmerged(GroveError):
    """The branch has commits that are nowhere else; switch to it and promote them, or say that they are to be lost."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "branch_unmerged"


class SwitchRefused(GroveError):
    """Files with changes that are not committed are others on that branch; commit the changes, or stash them, first."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "switch_refused"


class WorkspaceHeld(GroveError):
    """The workspace's files lie in a folder that is on its branch; collect them, remove the folder, then switch."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "workspace_held"
