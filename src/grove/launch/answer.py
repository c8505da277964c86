"""A process that answers requests: the API, MCP and the pages, all of which keep what they know in the database."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Self

import uvicorn

from grove import mcp
from grove.api import create_app
from grove.kit.errors import GroveError, Kind
from grove.kit.memory import share_arenas
from grove.launch.protocol import BoundedHttp
from grove.placement import ProcessPlaces
from grove.settings import Settings
from grove.wiring import Grove, build

GRACE_SECONDS = 10
CONNECTIONS_WAITING_MAX = 1024


class AddressUnusable(GroveError):
    """The server cannot listen on this address; name another one by `--bind` and `--port`."""

    kind = Kind.UNAVAILABLE
    code = "address_unusable"


class Answerer:
    """Answers what is asked at a socket, while it is entered as a context manager."""

    def __init__(self, grove: Grove, listening: socket.socket, *, workers_alive: Callable[[], bool]) -> None:
        mcp_app, mcp_lifespan = mcp.http_app(grove)
        app = create_app(
            grove, mounts=[("/mcp", mcp_app)], lifespans=[lambda: mcp_lifespan], workers_alive=workers_alive
        )
        config = uvicorn.Config(
            app,
            http=BoundedHttp,
            ws="none",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            proxy_headers=False,
        )
        self._uvicorn = uvicorn.Server(config)
        self._counting = grove.counting()
        self._thread = threading.Thread(target=self._uvicorn.run, kwargs={"sockets": [listening]}, name="http")

    def __enter__(self) -> Self:
        for rounds in self._counting:
            rounds.start()
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _traceback: TracebackType | None) -> None:
        self._uvicorn.should_exit = True
        self._thread.join()
        for rounds in self._counting:
            rounds.stop()


def listen(settings: Settings) -> socket.socket:
    """The socket that a server is asked at; others of its processes may listen beside it if there are to be several.

    :raises AddressUnusable: if the address is not ours, or another server's.
    """
    if settings.http_processes == 1 or settings.port == 0:
        return _listening(settings, port=settings.port, shared=settings.http_processes > 1)
    with _listening(settings, port=settings.port, shared=False):
        pass  # so nobody else, who shares it too, listens there
    return _listening(settings, port=settings.port, shared=True)


def answer_until_stopped(settings: Settings) -> None:
    """Be one of several processes that answer at one address, until the process is told to stop."""
    share_arenas()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the server, which stops its processes
    grove = build(settings)
    missing = ProcessPlaces(grove.locator).worker_missing
    with ExitStack() as stack:
        stack.callback(grove.close)
        listening = _listening(settings, port=settings.port, shared=True)
        stack.enter_context(Answerer(grove, listening, workers_alive=lambda: not missing.exists()))
        stopping.wait()


def _listening(settings: Settings, *, port: int, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind((settings.bind, port))
        listening.listen(CONNECTIONS_WAITING_MAX)
    except OSError as error:
        listening.close()
        raise AddressUnusable(bind=settings.bind, port=port, reason=os.strerror(error.errno or 0)) from error
    return listening
