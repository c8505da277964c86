"""`grove serve`: one process with the API and MCP, the workers beside it, and others that answer if they are wanted."""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from grove.freshness import Keeper
from grove.kit.errors import GroveError, Kind
from grove.kit.ids import new_id
from grove.kit.logging import logger
from grove.kit.memory import share_arenas
from grove.launch.answer import Answerer, listen
from grove.launch.setup import address_of, announce_setup_link, prepare, settle_administrator
from grove.placement import ProcessPlaces
from grove.promotions import request_finishing
from grove.sandbox import KeptProcesses, Worker, spawn
from grove.settings import Settings
from grove.wiring import Grove, build
from grove.worker import Supervisor
from grove.workspaces import workspace_rounds

log = logger(__name__)


class DataFolderBusy(GroveError):
    """Another server runs on this data folder."""

    kind = Kind.CONFLICT
    code = "data_folder_busy"


class Server:
    """A running server on one data folder; use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.grove = build(settings)
        self._lock = _lock(self.grove)
        self._supervisor = Supervisor(self.grove)
        self._keeper = Keeper(self.grove.database, patience=self.grove.mirror_tools.checks.patience)
        limits = self.grove.workspaces.limits
        self._workspaces = workspace_rounds(self.grove.database, limits=limits, also=request_finishing)
        ProcessPlaces(self.grove.locator).prepare()
        listening = listen(settings)
        self.port: int = listening.getsockname()[1]
        self.address = address_of(settings, port=self.port)
        self._answerer = Answerer(self.grove, listening, workers_alive=self._supervisor.is_alive)
        self._others = KeptProcesses("http", count=settings.http_processes - 1, start=self._spawn_answerer)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        prepare(self.grove)
        setup_secret = settle_administrator(self.grove)
        with ExitStack() as ended:
            ended.callback(os.close, self._lock)
            ended.callback(self.grove.close)
            for part in (self._supervisor, self._workspaces, self._keeper, self._others):
                part.start()
                ended.callback(part.stop)
            ended.enter_context(self._answerer)
            if setup_secret is not None:
                announce_setup_link(self.grove, setup_secret, port=self.port)
            yield

    def _spawn_answerer(self) -> tuple[str, Worker]:
        settings = self.settings.model_copy(update={"port": self.port})
        argv = [sys.executable, "-m", "grove.launch", "answer"]
        return new_id()[:8], spawn(argv, env=settings.environment(answering=True))


def serve_until_stopped(settings: Settings) -> int:
    """Serve until the process is told to stop; the exit code.

    :raises GroveError: if the server must not start.
    """
    share_arenas()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server = Server(settings)
    with server.running():
        log.info("serving", address=server.address, data=str(settings.data_dir), workers=settings.workers)
        stopping.wait()
    return 0


def _lock(grove: Grove) -> int:
    descriptor = os.open(grove.locator.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as busy:
        os.close(descriptor)
        raise DataFolderBusy(data=str(grove.locator.data)) from busy
    return descriptor
