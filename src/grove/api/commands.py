"""`/api/v1/workspaces/NAME/exec`: commands in the folder of a workspace; one answer, or the same as it comes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from grove.api.caller import Caller, CallerOf
from grove.api.checkouts import CollectedOut
from grove.api.edge import open_stream
from grove.api.hearing import Ear, attended, in_thread
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown
from grove.api.watching import alert
from grove.api.workspaces import Name
from grove.checkouts import Executed, Order
from grove.kit.errors import GroveError
from grove.sandbox import Holder

router = router_at("/api/v1/workspaces/{name}", tag="workspaces")


class OrderIn(Received):
    """A command, with its words one by one, and how much it may use."""

    command: list[str] = Field(min_length=1, max_length=1_000)
    stdin: str | None = Field(default=None, max_length=1_000_000)
    seconds_max: float = Field(default=60.0, gt=0, le=600)
    memory_mb_max: int = Field(default=1_024, gt=0, le=8_192)
    processes_max: int = Field(default=64, gt=0, le=512)
    network: bool = False

    def order(self) -> Order:
        """As the core has it."""
        return Order(
            words=self.command,
            stdin=None if self.stdin is None else self.stdin.encode(),
            seconds_max=self.seconds_max,
            memory_mb_max=self.memory_mb_max,
            processes_max=self.processes_max,
            network=self.network,
        )


class EndedOut(Shown):
    """How a command ended: `stopped` names the bound that it met.

    `stdout_bytes` and `stderr_bytes` are all that it said. `collected` is what came of its changes; `problem` tells why
    they were not taken into the workspace.
    """

    exit_code: int
    stopped: str | None
    seconds: float
    method: str
    held_by: Holder = Field(description="Who held it to its bounds.")
    stdout_bytes: int
    stderr_bytes: int
    collected: CollectedOut | None
    problem: str


class ExecutedOut(EndedOut):
    """The same with what it said: of each stream the first and the last 512 KiB, and a line between that says so."""

    stdout: str
    stderr: str
    stdout_left_out_bytes: int
    stderr_left_out_bytes: int


@router.post("/exec", openapi_extra=needs("workspace.change"))
async def execute(name: Name, wanted: OrderIn, caller: CallerOf, request: Request) -> ExecutedOut:
    """Run a command in the folder of a workspace, confined and within bounds, and collect what it changed.

    It is ended when the client leaves.
    """
    ear = Ear()
    done = await attended(request, ear, _begin(caller, name, wanted.order(), ear))
    return ExecutedOut(
        **_ended(done).model_dump(),
        stdout=done.stdout.content.decode(errors="replace"),
        stderr=done.stderr.content.decode(errors="replace"),
        stdout_left_out_bytes=done.stdout.left_out_bytes,
        stderr_left_out_bytes=done.stderr.left_out_bytes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """A command that runs, or has failed to."""

    ear: Ear
    work: "asyncio.Future[Executed]"


async def begin_command(name: Name, wanted: OrderIn, caller: CallerOf) -> AsyncIterator[Attended]:
    """Begin a command: one that cannot be run is refused before the answer begins."""
    ear = Ear()
    try:
        work = _begin(caller, name, wanted.order(), ear)
        await ear.begun(work)
        if work.done() and (failed := work.exception()) is not None:
            raise failed
        yield Attended(ear=ear, work=work)
    finally:
        ear.leave()


@router.post(
    "/exec/stream",
    response_class=EventSourceResponse,
    dependencies=[Depends(open_stream)],
    openapi_extra=needs("workspace.change"),
)
async def stream_execution(
    running: Annotated[Attended, Depends(begin_command)],
) -> AsyncIterator[ServerSentEvent]:
    """The same as it comes: `started`, `output` with a stream and a text, and `done`.

    It is ended when the client leaves. An `output` whose `left_out_bytes` is not 0 says how much came too fast
    to be told before it.
    """
    yield ServerSentEvent(event="started", data={})
    async for heard in running.ear.heard(running.work):
        data = {"stream": heard.stream, "text": heard.text, "left_out_bytes": heard.left_out_bytes}
        yield ServerSentEvent(event="output", data=data)
    try:
        yield ServerSentEvent(event="done", data=_ended(running.work.result()).model_dump(mode="json"))
    except GroveError as failed:
        yield alert(failed)


def _begin(caller: Caller, name: str, order: Order, ear: Ear) -> "asyncio.Future[Executed]":
    run = partial(caller.grove.commands.execute, caller.actor, name, order=order, now=caller.now, listener=ear)
    return in_thread(run)


def _ended(done: Executed) -> EndedOut:
    return EndedOut(
        exit_code=done.outcome.exit_code,
        stopped=done.outcome.stopped,
        seconds=round(done.outcome.seconds, 3),
        method=done.outcome.method,
        held_by=done.outcome.held_by,
        stdout_bytes=done.stdout.size_bytes,
        stderr_bytes=done.stderr.size_bytes,
        collected=None if done.collected is None else CollectedOut.model_validate(done.collected),
        problem=done.problem,
    )
