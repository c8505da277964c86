"""MCP over standard input and output, as a real process that the SDK's client starts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult

from tests.mcp.client import Shown, shown
from tests.support.grove import ADMIN_TOKEN, House

COMMAND = (sys.executable, "-m", "grove.launch", "mcp")


def call(data: Path, tool: str, *, token: str | None = ADMIN_TOKEN, **arguments: Any) -> Shown:
    async def ask() -> CallToolResult:
        environment = {"GROVE_DATA_DIR": str(data), **({"GROVE_TOKEN": token} if token else {})}
        started = StdioServerParameters(command=COMMAND[0], args=list(COMMAND[1:]), env=environment)
        async with Client(started) as client:
            return await client.call_tool(tool, arguments)

    return shown(anyio.run(ask))


class TestStdio:
    def test_lists_its_tools_without_opening_a_data_folder(self, tmp_path: Path) -> None:
        async def ask() -> list[str]:
            environment = {"GROVE_DATA_DIR": str(tmp_path / "none")}
            started = StdioServerParameters(command=COMMAND[0], args=list(COMMAND[1:]), env=environment)
            async with Client(started) as client:
                return [tool.name for tool in (await client.list_tools()).tools]

        assert anyio.run(ask) == [
            "search_code",
            "read_file",
            "file_history",
            "list_tree",
            "list_repos",
            "find_symbol",
            "find_references",
            "find_files",
            "find_similar",
            "job_status",
            "repo_request",
            "usage_and_limits",
            "open_workspace",
            "workspace_status",
            "edit_workspace",
            "change_workspace",
            "run_in_workspace",
            "checkout_workspace",
            "pull_request",
            "promote_workspace",
        ]
        assert not (tmp_path / "none").exists()

    def test_imports_nothing_of_the_core_before_the_first_call(self) -> None:
        program = "import sys, json, grove.mcp; print(json.dumps(sorted(sys.modules)))"
        printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

        heavy = {"sqlalchemy", "numpy", "tree_sitter", "grove.wiring", "grove.search", "grove.accounts"}
        assert not heavy & set(json.loads(printed))

    def test_acts_as_the_owner_of_the_token(self, made: House) -> None:
        answer = call(made.grove.settings.data_dir, "search_code", query="money that goes back to a customer", limit=1)

        assert "src/pay/refund.py" in answer.lines[0]

    def test_says_that_a_token_is_missing(self, made: House) -> None:
        error = call(made.grove.settings.data_dir, "list_repos", token=None).error

        assert "GROVE_TOKEN" in error

    def test_refuses_a_token_that_is_not_valid(self, made: House) -> None:
        error = call(made.grove.settings.data_dir, "list_repos", token="grove_wrong").error

        assert error.startswith("The token is unknown, expired or revoked.")
        assert "grove_wrong" not in error

    def test_says_that_there_is_nothing_in_the_data_folder(self, tmp_path: Path) -> None:
        error = call(tmp_path / "none", "list_repos").error

        assert "There is no Grove in this data folder yet." in error
        assert "grove serve" in error
        assert not (tmp_path / "none").exists()
