"""What can keep a workspace from being promoted."""

from grove.kit.errors import GroveError, Kind


class PromotionNotFound(GroveError):
    """The workspace has not been promoted."""

    kind = Kind.NOT_FOUND
    code = "promotion_not_found"


class NothingToPromote(GroveError):
    """The workspace has no commit that its branch in the mirror lacks."""

    kind = Kind.CONFLICT
    code = "nothing_to_promote"


class TargetUnknown(GroveError):
    """The repository has no such branch; name one by `--target`."""

    code = "promotion_target_unknown"


class PathsGuarded(GroveError):
    """Files that decide what runs or who owns were changed; somebody with that right must promote the workspace."""

    kind = Kind.DENIED
    code = "promotion_paths_guarded"


class SecretsFound(GroveError):
    """The changes hold what looks like secrets; take them out of the commits. Who may, can accept them by saying so."""

    kind = Kind.DENIED
    code = "promotion_secrets_found"


class BranchTaken(GroveError):
    """The branch at the forge has commits that the workspace lacks: somebody has worked on it there."""

    kind = Kind.CONFLICT
    code = "promotion_branch_taken"


class PromotionNotWaiting(GroveError):
    """No commit of the workspace waits for approval."""

    kind = Kind.CONFLICT
    code = "promotion_not_waiting"


class RefusalUnexplained(GroveError):
    """Whose commits are refused is told why; say a reason."""

    code = "promotion_refusal_unexplained"


class PromotionMoved(GroveError):
    """The workspace has other commits than those that wait for approval; its owner has to promote them again."""

    kind = Kind.CONFLICT
    code = "promotion_moved"
