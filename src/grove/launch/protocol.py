"""HTTP as the server speaks it: parsed by httptools, which by itself would read heads of any length, for ever."""

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 * 1024
"""So much may come without any part of a body: the head of a request, and what follows the last part."""
WAIT_SECONDS_MAX: Final = 30.0
"""So long a head may take; of a body `BODY_BYTES_MIN` must come, or its end, in each such time."""
UNREAD_SECONDS_MAX: Final = 120.0
"""In each such time a client must read `BODY_BYTES_MIN` of what it is sent, once the system's buffers are full."""
BODY_BYTES_MIN: Final = 16 * 1024
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection that sends a head without end, or sends or reads so slowly that it only holds its place."""

    wait_seconds_max: ClassVar[float] = WAIT_SECONDS_MAX
    unread_seconds_max: ClassVar[float] = UNREAD_SECONDS_MAX

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_bytes = 0
        self._body_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        self._stop_waiting_for_reading()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until the client reads: nobody keeps an answer in our memory by asking for it and reading none of it."""
        super().pause_writing()
        self._wait_for_reading()

    def resume_writing(self) -> None:
        """Go on; the client has read all but a little of what there was."""
        self._stop_waiting_for_reading()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Take what has come: what is read at once is bounded, so the head is counted after it was looked at."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")
        elif self._patience is None and self._lacks_something():
            self._wait()

    def on_headers_complete(self) -> None:
        """Take the end of a head: the body has a time of its own."""
        super().on_headers_complete()
        self._stop_waiting()

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, which is bounded elsewhere."""
        self._head_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._head_bytes = 0
        self._stop_waiting()
        super().on_message_complete()

    def _lacks_something(self) -> bool:
        """Whether it is the client's turn to send: between two requests too, once a byte of the next has come."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _wait(self) -> None:
        self._body_bytes = 0
        self._patience = self.loop.call_later(self.wait_seconds_max, self._lose_patience)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _wait_for_reading(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._unread = self.loop.call_later(self.unread_seconds_max, self._lose_hope)

    def _lose_hope(self) -> None:
        """Close the connection of a client that has read next to nothing since we looked last."""
        if self._unread_bytes - self.transport.get_write_buffer_size() < BODY_BYTES_MIN:
            self.transport.abort()
        else:
            self._wait_for_reading()

    def _stop_waiting_for_reading(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _lose_patience(self) -> None:
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete
        if self._body_bytes >= BODY_BYTES_MIN or (is_answering and self._is_our_turn()):
            self._wait()
            return
        if not (is_answering and cycle.response_started):
            self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _is_our_turn(self) -> bool:
        """Whether the client would send if we let it."""
        return self.flow.read_paused or self.cycle.waiting_for_100_continue
