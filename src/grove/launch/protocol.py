"""HTTP as the server speaks it: parsed by httptools, which by itself would read heads of any length."""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 * 1024
"""So much may come without any part of a body: the head of a request, and what follows the last part."""


class BoundedHttp(HttpToolsProtocol):
    """Closes a connection that sends a head without end."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Take what has come: what is read at once is bounded, so the head is counted after it was looked at."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_body(self, body: bytes) -> None:
        """Take a part of a body, which is bounded elsewhere."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Take the end of a request."""
        self._head_bytes = 0
        super().on_message_complete()
