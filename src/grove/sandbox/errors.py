"""What can go wrong with a child process."""

from grove.kit.errors import GroveError, Kind


class ExecutableMissing(GroveError):
    """A program that this installation needs is not there, or may not be run."""

    kind = Kind.UNAVAILABLE
    code = "executable_missing"


class ConfinementUnavailable(GroveError):
    """Commands that are not trusted cannot be confined on this machine, so that none is run."""

    kind = Kind.UNAVAILABLE
    code = "confinement_unavailable"


class ConfinementFailed(GroveError):
    """A command could not be started in its confinement."""

    kind = Kind.UNAVAILABLE
    code = "confinement_failed"


class ChildFailure(GroveError):
    """A child process did not answer."""

    kind = Kind.UNAVAILABLE
    code = "child_failure"


class ChildTimeout(ChildFailure):
    """A child process did not answer in the time it had, and was ended."""

    code = "child_timeout"


class ChildDied(ChildFailure):
    """A child process ended before it answered."""

    code = "child_died"


class ChildRaised(ChildFailure):
    """The function that a child process was asked to run raised an exception."""

    code = "child_raised"
