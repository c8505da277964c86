"""A time by which a conversation over the network has to be over, however many pieces it comes in.

The limits of an HTTP client count each read by itself: who sends one byte of a header now and then is never too slow.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Trace = Callable[[str, Mapping[str, Any]], None]
"""What httpcore tells of its steps, as its `trace` extension."""
_CONNECTED = "connection.connect_tcp.complete"


@contextlib.contextmanager
def over_by(deadline: float) -> Iterator[Trace]:
    """Cut the connections that the trace tells of at a time of the monotonic clock; who reads from them gets an error.

    What they had sent until then may look whole: ask the clock before you believe that it is.
    """
    connections: list[socket.socket] = []
    is_over = threading.Event()

    def trace(step: str, facts: Mapping[str, Any]) -> None:
        if step == _CONNECTED:
            connected: socket.socket = facts["return_value"].get_extra_info("socket")
            connections.append(connected.dup())  # the socket itself goes over to TLS
            if is_over.is_set():
                cut()

    def cut() -> None:
        is_over.set()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(max(0.0, deadline - time.monotonic()), cut)
    clock.daemon = True
    clock.start()
    try:
        yield trace
    finally:
        clock.cancel()
        clock.join()
        for connection in connections:
            connection.close()
