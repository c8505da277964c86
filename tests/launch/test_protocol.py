"""Bytes as they come over a connection: heads have an end, bodies pass."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from grove.launch.protocol import HEAD_BYTES_MAX, BoundedHttp

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"
PIECE = b"x" * 8_192
LONG_BYTES = 64 << 20
"""More than the system keeps of an answer that nobody reads."""


async def measuring(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body, or at length."""
    if scope["path"] == "/long":
        await PlainTextResponse(b"x" * LONG_BYTES)(scope, receive, send)
        return
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


class Impatient(BoundedHttp):
    """Waits shortly."""

    wait_seconds_max = 0.5
    unread_seconds_max = 1.0


@contextmanager
def answering(http: type[BoundedHttp] = BoundedHttp) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(measuring, port=0, http=http, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with answering() as port:
        yield port


@pytest.fixture(scope="module")
def impatient() -> Iterator[int]:
    with answering(Impatient) as port:
        yield port


def answer_to(port: int, *pieces: bytes, pause_seconds: float = 0.0) -> bytes:
    """What comes until the other side closes."""

    async def talk() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = b""
        with suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
            async with asyncio.timeout(20):
                while more := await reader.read(65_536):
                    told += more
        writer.close()
        return told

    return asyncio.run(talk())


class TestAHead:
    @pytest.mark.parametrize(
        "begun",
        [b"GET /", HEAD + b"X-A: ", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-A: "],
        ids=["address", "header", "after the body"],
    )
    def test_without_an_end_is_refused(self, port: int, begun: bytes) -> None:
        told = answer_to(port, begun, *[PIECE] * (3 * HEAD_BYTES_MAX // len(PIECE)))

        assert b" 200 " not in told

    def test_of_many_headers_is_refused(self, port: int) -> None:
        assert b" 200 " not in answer_to(port, HEAD, *[b"X-A: " + b"b" * 1_000 + b"\r\n"] * 200, b"\r\n")


class TestABody:
    def test_may_be_larger_than_a_head(self, port: int) -> None:
        length = 20 * len(PIECE)
        head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % length

        assert answer_to(port, head, *[PIECE] * 20).endswith(b"%d" % length)

    def test_may_come_in_parts(self, port: int) -> None:
        head = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        part = b"%x\r\n%s\r\n" % (len(PIECE), PIECE)

        assert answer_to(port, head, *[part] * 20, b"0\r\n\r\n").endswith(b"%d" % (20 * len(PIECE)))

    def test_may_follow_another_on_the_same_connection(self, port: int) -> None:
        request = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(PIECE), PIECE)
        last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

        assert answer_to(port, *[request] * 12, last).count(b"HTTP/1.1 200") == 13


class TestWhatIsNotHttp:
    @pytest.mark.parametrize(
        "asked",
        [
            HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
            HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            HEAD + b"Content-Length : 1\r\n\r\na",
            HEAD + b"Content-Length: 1x\r\n\r\na",
            HEAD + b"X-A: a\rb\r\n\r\n",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n",
            b"\x16\x03\x01\x02\x00",
        ],
    )
    def test_is_refused(self, port: int, asked: bytes) -> None:
        assert answer_to(port, asked).startswith(b"HTTP/1.1 400")


class TestAConnectionThatOnlyHoldsItsPlace:
    @pytest.mark.parametrize(
        "begun",
        [
            b"",
            b"GET / HT",
            HEAD + b"X-A: ",
            HEAD + b"Content-Length: 9\r\n\r\nabc",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        ],
        ids=["nothing", "address", "header", "body", "part"],
    )
    def test_is_closed(self, impatient: int, begun: bytes) -> None:
        assert answer_to(impatient, begun).endswith(b"content-length: 0\r\n\r\n")

    @pytest.mark.parametrize("more", [b"\r\n", b"GET /"])
    def test_is_closed_when_it_has_been_of_use_before(self, impatient: int, more: bytes) -> None:
        told = answer_to(impatient, HEAD + b"Content-Length: 1\r\n\r\na", more, pause_seconds=0.2)

        assert (told.count(b" 200 "), told.count(b" 408 ")) == (1, 1)

    def test_is_closed_however_often_a_byte_comes(self, impatient: int) -> None:
        head = HEAD + b"Content-Length: 1000\r\n\r\n"

        assert b" 200 " not in answer_to(impatient, head, *[b"a"] * 20, pause_seconds=0.1)

    def test_is_closed_when_it_reads_nothing_of_what_it_asked_for(self, impatient: int) -> None:
        with socket.create_connection(("127.0.0.1", impatient)) as idle:
            idle.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(3 * Impatient.unread_seconds_max)
            idle.settimeout(20)
            told = 0
            with suppress(ConnectionError):
                while more := idle.recv(1 << 20):
                    told += len(more)
        assert 0 < told < LONG_BYTES

    def test_is_none_that_reads_slowly(self, impatient: int) -> None:
        with socket.create_connection(("127.0.0.1", impatient)) as slow:
            slow.sendall(b"GET /long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            slow.settimeout(20)
            told, pauses = 0, 25
            while more := slow.recv(1 << 20):
                told += len(more)
                if pauses:
                    pauses -= 1
                    time.sleep(0.1)
        assert told >= LONG_BYTES

    def test_is_no_slow_body_that_keeps_coming(self, impatient: int) -> None:
        pieces = [PIECE] * 12
        head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (len(PIECE) * len(pieces))

        assert answer_to(impatient, head, *pieces, pause_seconds=0.1).endswith(b"%d" % (len(PIECE) * len(pieces)))
