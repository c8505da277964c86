"""Tools by the names that older interfaces have for them."""

import pytest

from tests.mcp.client import Tools


class TestANickname:
    def test_searches_and_traces_as_the_tool_itself(self, tools: Tools) -> None:
        found = tools.call("codesearch_search", query="refund", filePattern="**/*.py", limit=3, threshold=0)
        assert not found.is_error, found.blocks
        assert ".py" in found.text

        for nickname, relation in (("codesearch_trace_callers", "callers"), ("codesearch_trace_callees", "callees")):
            traced = tools.call(nickname, symbol="apply", recursive=False)
            assert traced.lines == tools.call("find_references", name="apply", relation=relation).lines
        half = tools.call("codesearch_graph", symbol="apply", includeCallees=False, depth=1)
        assert not half.is_error, half.blocks

    def test_tells_the_state_of_a_repository_and_its_tree(self, tools: Tools) -> None:
        assert not tools.call("codesearch_index_status", project="payments").is_error
        assert not tools.call("repo_tree_md", repo_id="payments", depth=1).is_error
        assert not tools.call("semantic_code_search", query="refund", k=2).is_error

    @pytest.mark.parametrize(
        ("nickname", "arguments", "word"),
        [
            ("codesearch_search", {"query": "refund", "threshold": 0.7}, "limit"),
            ("codesearch_trace_callers", {"symbol": "refund", "recursive": True}, "one step"),
            ("codesearch_trace_callees", {"symbol": "refund", "maxDepth": 3}, "one step"),
            ("codesearch_trace_callers", {"symbol": "refund", "file": "a.py"}, "near=REPO:PATH"),
            ("codesearch_graph", {"symbol": "refund"}, "codesearch_trace_callees"),
            ("semantic_code_search", {"query": "refund", "stack_type": "python"}, "lang"),
            ("repo_tree_md", {"repo": "payments", "max_lines": 10}, "read_file"),
        ],
    )
    def test_says_what_to_do_instead_of_what_is_not_to_be_had(
        self, tools: Tools, nickname: str, arguments: dict[str, object], word: str
    ) -> None:
        refused = tools.call(nickname, **arguments)

        assert refused.is_error
        assert word in refused.error
