"""Answers to git clients: what they send goes into a process, and what that says comes back, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

from fastapi import HTTPException, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from grove.git import GitFailed, RepositoryTooLarge, Service
from grove.kit.logging import logger
from grove.sandbox import ChildDied, Conversation

Speaking = Callable[[], AbstractAsyncContextManager[Conversation]]
_FLUSH: Final = b"0000"
log = logger(__name__)


class Exchanged(Response):
    """The answer of one of git's services; when its reader goes away, the process is ended."""

    def __init__(
        self,
        speaking: Speaking,
        *,
        service: Service,
        body: AsyncIterator[bytes] | None = None,
        advertises: bool = False,
    ) -> None:
        super().__init__(media_type=f"application/x-{service}-{'advertisement' if advertises else 'result'}")
        del self.headers["content-length"]
        self._speaking = speaking
        self._body = body
        self._greeting = _greeting(service) if advertises else b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - one shape for all
        """Speak for as long as both sides do."""
        async with self._speaking() as conversation:
            telling = asyncio.ensure_future(self._tell(conversation, send))
            hearing = asyncio.ensure_future(_hear(conversation, self._body, receive))
            try:
                done, _ = await asyncio.wait({telling, hearing}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await _ended(telling, hearing)

    async def _tell(self, conversation: Conversation, send: Send) -> None:
        # Nothing is sent before there is something to say: until then a failure has a status of its own.
        piece = await conversation.read()
        if not piece and (exit_code := await conversation.wait()):
            log.warning(
                "git_service_failed", exit_code=exit_code, detail=conversation.complaints.decode(errors="replace")
            )
            raise GitFailed(exit_code=exit_code)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._greeting + piece, "more_body": bool(piece)})
        while piece:
            piece = await conversation.read()
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})


async def said_by(
    speaking: AbstractAsyncContextManager[Conversation], body: AsyncIterator[bytes], *, bytes_max: int
) -> bytes:
    """All that a process says to a body, held back until it has ended.

    :raises RepositoryTooLarge: if it says more than `bytes_max`.
    :raises HTTPException: if the body is too large or broken off.
    """
    async with speaking as conversation:
        feeding = asyncio.ensure_future(_feed(conversation, body))
        try:
            said = bytearray()
            while piece := await conversation.read():
                said += piece
                if len(said) > bytes_max:
                    raise RepositoryTooLarge(reason="output")
            await feeding
        finally:
            await _ended(feeding)
        await conversation.wait()
    return bytes(said)


async def _hear(conversation: Conversation, body: AsyncIterator[bytes] | None, receive: Receive) -> None:
    """Hand the body over, and return when the client has gone away."""
    await _feed(conversation, body)
    while (await receive())["type"] != "http.disconnect":
        pass


async def _ended(*tasks: "asyncio.Future[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(conversation: Conversation, body: AsyncIterator[bytes] | None) -> None:
    """Hand the body to the process; what it does not want any more is read to its end all the same."""
    if body is not None:
        heeds = True
        try:
            async for piece in body:
                if heeds:
                    try:
                        await conversation.write(piece)
                    except ChildDied:
                        heeds = False
        except ClientDisconnect as error:
            raise HTTPException(400) from error
    conversation.end_input()


def _greeting(service: Service) -> bytes:
    line = f"# service={service}\n".encode()
    return b"%04x%s%s" % (len(line) + 4, line, _FLUSH)
