"""A time by which a conversation over the network has to be over, however many pieces it comes in.

The limits of an HTTP client count each read by itself: who sends one byte of a header now and then is never too slow.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Trace = Callable[[str, Mapping[str, Any]], None]
"""What httpcore tells of its steps, as its `trace` extension."""
_CONNECTED = "connection.connect_tcp.complete"


@contextlib.contextmanager
def over_within(seconds: float) -> Iterator[Trace]:
    """Cut the connections that the trace tells of when the time is over; whoever reads from them gets an error."""
    connections: list[socket.socket] = []

    def trace(step: str, facts: Mapping[str, Any]) -> None:
        if step == _CONNECTED:
            connected: socket.socket = facts["return_value"].get_extra_info("socket")
            connections.append(connected.dup())  # the socket itself goes over to TLS

    def cut() -> None:
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    clock = threading.Timer(seconds, cut)
    clock.daemon = True
    clock.start()
    try:
        yield trace
    finally:
        clock.cancel()
        clock.join()
        for connection in connections:
            connection.close()
