"""What can go wrong with mirrors."""

from grove.kit.errors import GroveError, Kind


class MirrorAbsent(GroveError):
    """The repository has not been mirrored yet."""

    kind = Kind.CONFLICT
    code = "mirror_absent"


class RefsVanished(GroveError):
    """Most branches, or the default branch, are gone upstream; the mirror was kept as it is.

    Look at the repository there, then sync with `--accept-ref-loss`.
    """

    kind = Kind.CONFLICT
    code = "refs_vanished"


class MirrorWithheld(GroveError):
    """Nothing of this repository is shown: it is not approved, or its forge does not let us read it."""

    kind = Kind.DENIED
    code = "mirror_withheld"


class PullsNotTracked(GroveError):
    """The pull requests of this repository are not mirrored; `grove repo pr REPO --track` does it at known forges."""

    kind = Kind.CONFLICT
    code = "pulls_not_tracked"


class PullNotFound(GroveError):
    """There is no open pull request of this number here, or not yet."""

    kind = Kind.NOT_FOUND
    code = "pull_not_found"
