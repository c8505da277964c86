"""`grove serve`: one process with the API and MCP, and the workers beside it."""

import fcntl
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from grove import mcp
from grove.api import create_app
from grove.freshness import Keeper
from grove.kit.errors import GroveError, Kind
from grove.kit.logging import logger
from grove.kit.memory import share_arenas
from grove.launch.setup import address_of, announce_setup_link, prepare, settle_administrator
from grove.settings import Settings
from grove.usage import UsageKeeper
from grove.wiring import Grove, build
from grove.worker import Supervisor
from grove.workspaces import WorkspaceKeeper

GRACE_SECONDS = 10
CONNECTIONS_WAITING_MAX = 1024
log = logger(__name__)


class DataFolderBusy(GroveError):
    """Another server runs on this data folder."""

    kind = Kind.CONFLICT
    code = "data_folder_busy"


class AddressUnusable(GroveError):
    """The server cannot listen on this address; name another one by `--bind` and `--port`."""

    kind = Kind.UNAVAILABLE
    code = "address_unusable"


class Server:
    """A running server on one data folder; use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.grove = build(settings)
        self._lock = _lock(self.grove)
        self._supervisor = Supervisor(self.grove)
        self._keeper = Keeper(self.grove.database, patience=self.grove.mirror_tools.checks.patience)
        self._usage = UsageKeeper(self.grove.usage)
        self._workspaces = WorkspaceKeeper(self.grove.database, limits=self.grove.workspaces.limits)
        self._socket = _listen(settings)
        self.port: int = self._socket.getsockname()[1]
        self.address = address_of(settings, port=self.port)
        mcp_app, mcp_lifespan = mcp.http_app(self.grove)
        app = create_app(
            self.grove,
            mounts=[("/mcp", mcp_app)],
            lifespans=[lambda: mcp_lifespan],
            workers_alive=self._supervisor.is_alive,
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE_SECONDS, proxy_headers=False
        )
        self._uvicorn = uvicorn.Server(config)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve until the block ends."""
        prepare(self.grove)
        setup_secret = settle_administrator(self.grove)
        self._supervisor.start()
        self._keeper.start()
        self._usage.start()
        self._workspaces.start()
        thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [self._socket]}, name="http")
        thread.start()
        try:
            if setup_secret is not None:
                announce_setup_link(self.grove, setup_secret, port=self.port)
            yield
        finally:
            self._uvicorn.should_exit = True
            thread.join()
            self._keeper.stop()
            self._usage.stop()
            self._workspaces.stop()
            self._supervisor.stop()
            self.grove.close()
            os.close(self._lock)


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


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.bind, settings.port))
        listening.listen(CONNECTIONS_WAITING_MAX)
    except OSError as error:
        listening.close()
        raise AddressUnusable(bind=settings.bind, port=settings.port, reason=error.strerror) from error
    return listening
