"""Calls tools as an agent does, with the SDK's own client."""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
from mcp import Client
from mcp_types import CallToolResult, TextContent

from grove.mcp import Enter, create_server

Answer = TypeVar("Answer")
_FENCE = re.compile(r"----- (?:end of )?untrusted repository content [0-9a-f]{16} -----")


@dataclass(frozen=True, slots=True)
class Shown:
    """A result as an agent sees it: `lines` are those within the fence, `truth` is the last block."""

    blocks: list[str]
    is_error: bool

    @property
    def lines(self) -> list[str]:
        first, *inside, last = self.blocks[0].split("\n")
        assert _FENCE.fullmatch(first)
        assert _FENCE.fullmatch(last)
        return inside

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def truth(self) -> str:
        assert not self.is_error, self.blocks
        return self.blocks[-1]

    @property
    def error(self) -> str:
        assert self.is_error, self.blocks
        assert len(self.blocks) == 1
        return self.blocks[0]


def shown(result: CallToolResult) -> Shown:
    texts = [block.text for block in result.content if isinstance(block, TextContent)]
    assert len(texts) == len(result.content)
    return Shown(texts, bool(result.is_error))


class Tools:
    """The tools of a server in this process."""

    def __init__(self, enter: Enter) -> None:
        self._server = create_server(enter)

    def call(self, tool: str, **arguments: Any) -> Shown:
        async def ask(client: Client) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        return shown(self.use(ask))

    def use(self, ask: Callable[[Client], Coroutine[Any, Any, Answer]]) -> Answer:
        async def connected() -> Answer:
            async with Client(self._server) as client:
                return await ask(client)

        return anyio.run(connected)
