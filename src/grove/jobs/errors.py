"""What can go wrong with jobs."""

from grove.kit.errors import GroveError, Kind


class JobNotFound(GroveError):
    """There is no such job."""

    kind = Kind.NOT_FOUND
    code = "job_not_found"


class JobStateConflict(GroveError):
    """The job is not in a state in which that can be done."""

    kind = Kind.CONFLICT
    code = "job_state_conflict"


class JobCancelled(GroveError):
    """Somebody asked for the job to stop."""

    kind = Kind.CONFLICT
    code = "job_cancelled"


class JobKindUnknown(GroveError):
    """No worker knows this kind of job; retry it when workers of the version that asked for it run."""

    kind = Kind.UNAVAILABLE
    code = "job_kind_unknown"


class JobAltered(GroveError):
    """The job is not what was queued: it was changed in the database, or put there. Ask for the work again."""

    kind = Kind.CONFLICT
    code = "job_altered"


class JobArgumentsInvalid(GroveError):
    """The job is told what its kind is not, or lacks what it needs; ask for the work again."""

    kind = Kind.INVALID
    code = "job_arguments_invalid"


class LeaseLost(GroveError):
    """Another worker has taken the job over; nothing of this attempt counts."""

    kind = Kind.CONFLICT
    code = "lease_lost"


class WorkerLost(GroveError):
    """The worker died on every attempt, so the job was set aside."""

    kind = Kind.UNAVAILABLE
    code = "worker_lost"
