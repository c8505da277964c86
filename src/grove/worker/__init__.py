"""Doing jobs: the loop of one worker process, and the supervisor that keeps such processes alive."""

from grove.worker.loop import Worker
from grove.worker.supervisor import Supervisor

__all__ = ["Supervisor", "Worker"]
