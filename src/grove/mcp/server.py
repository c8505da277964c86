"""The MCP server: lists the tools, checks what they are called with, and shows answers and errors as text."""

import time
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
import pydantic
from mcp.server import CacheHint, Server, ServerRequestContext
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ListedTool
from starlette.requests import Request

from grove import __version__
from grove.kit.errors import GroveError, needing_room
from grove.mcp.arguments import Arguments, JobStatus, schema_of
from grove.mcp.calls import Enter, Reply
from grove.mcp.errors import ArgumentsInvalid, ToolUnknown
from grove.mcp.failures import explain
from grove.mcp.nicknames import NICKNAMES, Nickname
from grove.mcp.tools import INSTRUCTIONS, TOOLS, Tool
from grove.mcp.visible import fenced, visible

CALLS_AT_ONCE_MAX: Final = 16
LISTING_MS: Final = 3_600_000
"""For how long a client may keep the list of tools: it changes only with the server's version."""
POLL_SECONDS: Final = 0.3
WRONG_ARGUMENTS_MAX: Final = 5

_TOOLS: Final = {tool.name: tool for tool in TOOLS}


def create_server(enter: Enter) -> Server[Any]:
    """A server whose calls are let in by `enter`; it works on any transport."""
    return Server(
        "grove",
        title="Grove",
        version=__version__,
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": CacheHint(ttl_ms=LISTING_MS, scope="private")},
        get_tool_input_schema=_schema_named,
        on_list_tools=_list_tools,
        on_call_tool=_ToolCalls(enter).call_tool,
    )


def list_tools() -> list[ListedTool]:
    """The tools as they are published."""
    return [
        ListedTool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=schema_of(tool.arguments),
            annotations=ToolAnnotations(
                title=tool.title,
                read_only_hint=not tool.changes,
                destructive_hint=False,
                idempotent_hint=not tool.changes,
                open_world_hint=tool.changes,
            ),
        )
        for tool in TOOLS
    ]


async def _list_tools(_context: ServerRequestContext[Any], _params: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=list_tools())


def _schema_named(name: str) -> dict[str, Any] | None:
    return schema_of(_TOOLS[name].arguments) if name in _TOOLS else None


class _ToolCalls:
    """Takes calls: checks them, has a few at a time answered on worker threads, and renders what comes back."""

    def __init__(self, enter: Enter) -> None:
        self._enter = enter
        self._limiter: anyio.CapacityLimiter | None = None

    async def call_tool(self, context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        """Answer one call; what goes wrong as foreseen is an answer too, anything else a protocol error."""
        given = params.arguments or {}
        try:
            tool, arguments = _read_call(params.name, given)
            reply = await self._reply(context, tool, arguments)
        except GroveError as refused:
            return CallToolResult(content=[_block(explain(refused, given=given))], is_error=True)
        return CallToolResult(content=[_block(fenced(reply.lines)), _block(visible(reply.truth))])

    async def _reply(self, context: ServerRequestContext[Any], tool: Tool, arguments: Arguments) -> Reply:
        """The reply, asked for again while it is not settled and the caller wants to wait."""
        deadline = time.monotonic() + (arguments.wait_s if isinstance(arguments, JobStatus) else 0)
        while True:
            reply = await self._ask(context, tool, arguments)
            if reply.is_settled or time.monotonic() >= deadline:
                return reply
            await anyio.sleep(POLL_SECONDS)

    async def _ask(self, context: ServerRequestContext[Any], tool: Tool, arguments: Arguments) -> Reply:
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(CALLS_AT_ONCE_MAX)
        answer = partial(_answer, tool.name, self._enter, context.request, arguments)
        return await anyio.to_thread.run_sync(answer, limiter=self._limiter)


def _answer(tool: str, enter: Enter, request: Request | None, arguments: Arguments) -> Reply:
    # The core is imported with the first call, so that the tools are listed soon after the process has started.
    from grove.mcp.answers import answer  # noqa: PLC0415

    with needing_room():
        return answer(tool, enter=enter, request=request, arguments=arguments)


def _read_call(name: str, given: dict[str, Any]) -> tuple[Tool, Arguments]:
    nickname = NICKNAMES.get(name, Nickname(tool=name))
    tool = _TOOLS.get(nickname.tool)
    if tool is None:
        raise ToolUnknown(tool=name, known=", ".join(_TOOLS))
    try:
        return tool, tool.arguments.model_validate(nickname.read(given))
    except pydantic.ValidationError as invalid:
        raise ArgumentsInvalid(tool=tool.name, reason=_what_is_wrong(tool, invalid)) from invalid
    except ValueError as cannot:
        raise ArgumentsInvalid(tool=name, reason=str(cannot)) from cannot


def _what_is_wrong(tool: Tool, invalid: pydantic.ValidationError) -> str:
    wrong = [
        f"{'.'.join(map(str, error['loc'])) or tool.name}: {error['msg']}"
        for error in invalid.errors(include_url=False, include_input=False, include_context=False)
    ]
    return f"{'; '.join(wrong[:WRONG_ARGUMENTS_MAX])}. It takes {', '.join(tool.arguments.model_fields)}"


def _block(text: str) -> TextContent:
    return TextContent(type="text", text=text)
