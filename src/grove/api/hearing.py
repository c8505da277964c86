"""Between a command that talks in a thread and a client that is told in an event loop."""

import asyncio
import codecs
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from grove.checkouts import Executed, Listener

WAITING_BYTES_MAX: Final = 1024 * 1024
ROOM_SECONDS_MAX: Final = 0.05
"""For how long a command is held up when its client is slow; after that, what it says is left out for the client."""
LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a command said, on which stream; `left_out_bytes` is what of it came too fast for the client before that."""

    stream: str
    text: str
    left_out_bytes: int


class Ear(Listener):
    """Listens for one client, and keeps little of what it has not yet taken."""

    def __init__(self) -> None:
        self._room = threading.Condition()
        self._waiting: list[tuple[str, bytes]] = []
        self._left_out = {"stdout": 0, "stderr": 0}
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in self._left_out}
        self._gone = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._moved = asyncio.Event()
        self._begun = asyncio.Event()

    def started(self) -> None:
        """Have the answer begin."""
        self._loop.call_soon_threadsafe(self._begun.set)

    def hear(self, stream: str, piece: bytes) -> None:
        """Keep it until the client takes it; leave it out if the client is too slow."""
        with self._room:
            if not self._room.wait_for(self._has_room, ROOM_SECONDS_MAX):
                self._left_out[stream] += len(piece)
                return
            self._waiting.append((stream, piece))
        self._loop.call_soon_threadsafe(self._moved.set)

    def is_gone(self) -> bool:
        """Whether the client has left."""
        return self._gone.is_set()

    def leave(self) -> None:
        """Have the command ended: nobody waits for it."""
        self._gone.set()

    async def begun(self, work: "asyncio.Future[Executed]") -> None:
        """Wait until the command runs, or it is known that it will not."""
        work.add_done_callback(lambda _: self._begun.set())
        await self._begun.wait()

    async def heard(self, work: "asyncio.Future[Executed]") -> AsyncIterator[Heard]:
        """What the command says, as it comes, until it has ended."""
        work.add_done_callback(lambda _: self._moved.set())
        while True:
            is_over = work.done()
            for stream, piece in self._taken():
                left_out, self._left_out[stream] = self._left_out[stream], 0
                text = self._decoders[stream].decode(piece)
                if text or left_out:
                    yield Heard(stream=stream, text=text, left_out_bytes=left_out)
            if is_over:
                break
            await self._moved.wait()
            self._moved.clear()
        for stream, left_out in self._left_out.items():
            if left_out:
                yield Heard(stream=stream, text="", left_out_bytes=left_out)

    def _has_room(self) -> bool:
        return sum(len(piece) for _, piece in self._waiting) < WAITING_BYTES_MAX

    def _taken(self) -> list[tuple[str, bytes]]:
        with self._room:
            taken, self._waiting = self._waiting, []
            self._room.notify_all()
        return taken


def in_thread(run: Callable[[], Executed]) -> "asyncio.Future[Executed]":
    """Begin to run something in a thread of its own, which holds up nobody else."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="command")
    work = asyncio.wrap_future(pool.submit(copy_context().run, run))  # for the tenant of the request
    pool.shutdown(wait=False)
    work.add_done_callback(lambda done: done.cancelled() or done.exception())  # the client may be gone
    return work


async def attended(request: Request, ear: Ear, work: "asyncio.Future[Executed]") -> Executed:
    """Wait for the end of a command, and have it ended when the client leaves."""
    try:
        while not work.done():
            await asyncio.wait([work], timeout=LOOK_SECONDS)
            if not work.done() and await request.is_disconnected():
                ear.leave()
        return work.result()
    finally:
        ear.leave()
