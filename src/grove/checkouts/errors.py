"""What can be wrong with a workspace's files on disk."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class TreeRefused(GroveError):
    """The tree holds a name that leads elsewhere or is git's own, so that it is never laid out on a disk."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "tree_refused"


class IndexUnreadable(GroveError):
    """The record of what was laid out is damaged; let the folder go and check out again."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "index_unreadable"


class CheckoutTooLarge(GroveError):
    """The files take more room than a checkout may."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "checkout_too_large"


class CheckoutBusy(GroveError):
    """Something else is being done with the workspace's files on disk; try again in a moment."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "checkout_busy"
    transient: ClassVar[bool] = True


class CheckoutMissing(GroveError):
    """The files of the workspace are in no folder; check it out first."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "checkout_missing"


class CheckoutsFull(GroveError):
    """Your checkouts take as much room as they may; remove one first."""

    kind: ClassVar[Kind] = Kind.TOO_LARGE
    code: ClassVar[str] = "checkouts_full"


class CheckoutConflict(GroveError):
    """These files were changed in the folder and in the workspace; make them the same in both, or undo one change."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "checkout_conflict"


class SparseUnknown(GroveError):
    """A sparse checkout is made of folders of the commit, as many as there may be."""

    kind: ClassVar[Kind] = Kind.NOT_FOUND
    code: ClassVar[str] = "sparse_unknown"


class SparseRefused(GroveError):
    """Git did not add the folders to the sparse checkout."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    code: ClassVar[str] = "sparse_refused"


class PreparationInvalid(GroveError):
    """A preparation has files whose paths lead nowhere else, and a command, all within their limits."""

    code: ClassVar[str] = "preparation_invalid"


class CommandRefused(GroveError):
    """A command needs at least one word, and bounds that are not above those of the server."""

    code: ClassVar[str] = "command_refused"


class CommandsTooMany(GroveError):
    """As many commands run in workspaces as may at once; try again in a moment."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code: ClassVar[str] = "commands_too_many"
    transient: ClassVar[bool] = True
