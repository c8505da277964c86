"""Arguments that lead outside, that are options, or that are far too much."""

from typing import Any

import pytest
from mcp import Client

from tests.mcp.client import Tools


class TestHostileArguments:
    @pytest.mark.parametrize(
        ("tool", "given"),
        [
            ("read_file", {"repo": "/etc", "path": "passwd"}),
            ("read_file", {"repo": "payments", "path": "../../.ssh/id"}),
            ("read_file", {"repo": "payments", "path": "/etc/passwd"}),
            ("read_file", {"repo": "payments", "path": "README.md", "ref": "--output=/tmp/grove-x"}),
            ("read_file", {"repo_path": "/etc", "path": "passwd"}),
            ("list_tree", {"repo": "payments", "path": "../.."}),
            ("search_code", {"query": "x" * 10_000_000}),
            ("search_code", {"query": {"$ref": "http://evil.test/schema"}}),
            ("search_code", {"query": {"anyOf": [{"anyOf": [{"const": "x"}]}]}}),
            ("search_code", {"query": "x", "limit": 10**12}),
        ],
    )
    def test_are_refused(self, tools: Tools, tool: str, given: dict[str, Any]) -> None:
        refused = tools.call(tool, **given)

        assert refused.is_error, refused.blocks
        assert "root:" not in refused.error
        assert len(refused.error) < 4_000

    def test_are_described_without_a_look_at_any_other_server(self, tools: Tools) -> None:
        async def listed(client: Client) -> list[dict[str, Any]]:
            return [tool.input_schema for tool in (await client.list_tools()).tools]

        def references(part: Any) -> list[str]:
            if isinstance(part, dict):
                own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
                return own + [each for value in part.values() for each in references(value)]
            return [each for value in part for each in references(value)] if isinstance(part, list) else []

        schemas = tools.use(listed)
        assert schemas
        assert [each for each in references(schemas) if not each.startswith("#/")] == []
