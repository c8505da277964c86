"""Other people's code and data, kept apart: the only place that starts processes.

Every process gets a session of its own, an environment that is built from nothing, limits that it cannot raise, and a
lifeline: when this process dies, by whatever cause, all that it started is ended by the kernel.
"""

from grove.sandbox.confinement import Bounds, Confinement, Holder, Method, Outcome, Trial
from grove.sandbox.confining import Confiner
from grove.sandbox.conversation import Conversation, converse
from grove.sandbox.errors import (
    ChildDied,
    ChildFailure,
    ChildRaised,
    ChildTimeout,
    ConfinementFailed,
    ConfinementUnavailable,
    ExecutableMissing,
)
from grove.sandbox.keeping import KeptProcesses
from grove.sandbox.model import Command, Finished, Limits, Stop
from grove.sandbox.pool import ChildPool
from grove.sandbox.removing import remove_written
from grove.sandbox.run import run
from grove.sandbox.running import Running, start
from grove.sandbox.worker import Worker, spawn

__all__ = [
    "Bounds",
    "ChildDied",
    "ChildFailure",
    "ChildPool",
    "ChildRaised",
    "ChildTimeout",
    "Command",
    "Confinement",
    "ConfinementFailed",
    "ConfinementUnavailable",
    "Confiner",
    "Conversation",
    "ExecutableMissing",
    "Finished",
    "Holder",
    "KeptProcesses",
    "Limits",
    "Method",
    "Outcome",
    "Running",
    "Stop",
    "Trial",
    "Worker",
    "converse",
    "remove_written",
    "run",
    "spawn",
    "start",
]
