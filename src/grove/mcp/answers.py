"""What each tool does: one operation of the core, and its result as lines. Imported with the first call."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from starlette.requests import Request

from grove.kit.errors import GroveError
from grove.kit.logging import logger
from grove.kit.tenancy import serving
from grove.mcp.arguments import Arguments
from grove.mcp.calls import Caller, Enter, Reply
from grove.mcp.governing import usage_and_limits
from grove.mcp.navigating import find_files, find_references, find_similar
from grove.mcp.pulling import promote_workspace, pull_request
from grove.mcp.reading import list_tree, read_file
from grove.mcp.registry import job_status, list_repos
from grove.mcp.requesting import repo_request
from grove.mcp.running import checkout_workspace, run_in_workspace
from grove.mcp.searching import find_symbol, search_code
from grove.mcp.tools import TOOL_PERMISSIONS
from grove.mcp.tracing import file_history
from grove.mcp.workspaces import change_workspace, edit_workspace, open_workspace, workspace_status

log = logger(__name__)

ANSWERS: Final[Mapping[str, Callable[[Caller, Any], Reply]]] = {
    "search_code": search_code,
    "read_file": read_file,
    "file_history": file_history,
    "list_tree": list_tree,
    "list_repos": list_repos,
    "find_symbol": find_symbol,
    "find_references": find_references,
    "find_files": find_files,
    "find_similar": find_similar,
    "job_status": job_status,
    "repo_request": repo_request,
    "usage_and_limits": usage_and_limits,
    "open_workspace": open_workspace,
    "workspace_status": workspace_status,
    "edit_workspace": edit_workspace,
    "change_workspace": change_workspace,
    "checkout_workspace": checkout_workspace,
    "run_in_workspace": run_in_workspace,
    "pull_request": pull_request,
    "promote_workspace": promote_workspace,
}


def answer(tool: str, *, enter: Enter, request: Request | None, arguments: Arguments) -> Reply:
    """Let the call in and do what it asks for.

    :raises GroveError: if it cannot be answered, as foreseen.
    :raises MCPError: if something failed that nobody foresaw; the client learns nothing of it.
    """
    try:
        caller = enter(request)
        if TOOL_PERMISSIONS[tool] == "search.run":
            caller.grove.rates.take(caller.actor.id, sort="searches", now=datetime.now(UTC))
        with serving(caller.actor.tenant_id):
            return ANSWERS[tool](caller, arguments)
    except GroveError:
        raise
    except Exception as unforeseen:
        log.exception("tool_crashed", tool=tool)
        message = "The server failed in a way nobody foresaw; its log says how."
        raise MCPError(INTERNAL_ERROR, message) from unforeseen
