"""`grove worker`: one process that does jobs; the supervisor of `grove serve` starts it."""

import os
import signal
from types import FrameType

from grove.kit.logging import bound
from grove.settings import Settings
from grove.wiring import build
from grove.worker import Worker

STUCK = 70
"""The exit code of a worker whose job went on for ever; the supervisor starts another."""


def work_until_stopped(settings: Settings, *, name: str) -> None:
    """Do jobs until the process is told to stop; the job in hand is given back."""
    grove = build(settings)
    worker = Worker(grove, name=name, on_stuck=lambda: os._exit(STUCK))  # a thread cannot be ended, a process can

    def stop(_number: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the server, which stops its workers
    counting = grove.counting()
    for rounds in counting:
        rounds.start()
    with bound(worker=name):
        worker.run_until_stopped()
    for rounds in counting:
        rounds.stop()
    grove.close()
