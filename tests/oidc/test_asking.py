import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from grove.oidc import ProviderUnavailable
from grove.oidc.asking import ask

PAUSE_SECONDS = 0.05


class Dripping(BaseHTTPRequestHandler):
    """Sends its answer, or the headers before it, bit by bit and without an end: no single read waits for long."""

    def do_GET(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if self.path == "/body":
            self.wfile.write(b"\r\n")
        piece = b" " if self.path == "/body" else b"X-More: of it\r\n"
        with suppress(OSError):
            while True:
                self.wfile.write(piece)
                time.sleep(PAUSE_SECONDS)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class TestAsking:
    @pytest.mark.parametrize("part", ["body", "headers"])
    def test_ends_when_its_time_is_over_though_pieces_go_on_coming(self, address: str, part: str) -> None:
        with pytest.raises(ProviderUnavailable):
            ask(f"{address}/{part}", ca_file=None, seconds_max=0.3)
