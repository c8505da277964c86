"""Tools for AI agents over the Model Context Protocol: search and read code, and see what goes on.

`grove.mcp.http` is imported when HTTP is served: it needs the whole core, which must not delay the listing of the tools
over standard input and output.
"""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from grove.mcp.calls import Caller, Enter
from grove.mcp.nicknames import NICKNAMES
from grove.mcp.server import create_server, list_tools
from grove.mcp.stdio import run_stdio
from grove.mcp.tools import INSTRUCTIONS, TOOL_PERMISSIONS

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from grove.wiring import Grove

__all__ = [
    "INSTRUCTIONS",
    "NICKNAMES",
    "TOOL_PERMISSIONS",
    "Caller",
    "Enter",
    "create_server",
    "http_app",
    "list_tools",
    "run_stdio",
]


def http_app(grove: "Grove") -> "tuple[ASGIApp, AbstractAsyncContextManager[None]]":
    """The application that answers at `/mcp`, and what must be entered for as long as it serves."""
    from grove.mcp import http  # noqa: PLC0415 - needs the whole core

    return http.http_app(grove)
