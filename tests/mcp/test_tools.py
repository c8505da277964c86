"""The published tools: reviewed in a golden file, and small enough to be read by a model in every session."""

import json
from pathlib import Path

from grove.mcp import INSTRUCTIONS, NICKNAMES, TOOL_PERMISSIONS, list_tools
from grove.mcp.budget import tokens_of
from grove.policies import RULES

GOLDEN = Path(__file__).parents[1] / "golden" / "mcp_tools.json"
CHANGING = {
    *("repo_request", "open_workspace", "edit_workspace", "change_workspace", "promote_workspace"),
    *("run_in_workspace", "checkout_workspace"),
}
LISTING_TOKENS_MAX = 7_500
INSTRUCTION_WORDS_MAX = 120


class TestTools:
    def test_are_published_as_the_golden_file_has_them(self) -> None:
        published = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in list_tools()]

        assert published == json.loads(GOLDEN.read_text(encoding="utf-8")), (
            "a published tool has changed: look at the difference with a reader's eyes, then write the golden file "
            "anew with `python -m tests.mcp.test_tools`"
        )

    def test_cost_few_tokens(self) -> None:
        listing = json.dumps([tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in list_tools()])

        assert tokens_of(listing) <= LISTING_TOKENS_MAX

    def test_say_whether_they_only_read(self) -> None:
        for tool in list_tools():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint == (tool.name not in CHANGING)
            assert tool.annotations.destructive_hint is False

    def test_name_a_permission_that_the_policies_know(self) -> None:
        assert list(TOOL_PERMISSIONS) == [tool.name for tool in list_tools()]
        assert set(TOOL_PERMISSIONS.values()) <= set(RULES)

    def test_are_what_the_nicknames_stand_for(self) -> None:
        assert {nickname.tool for nickname in NICKNAMES.values()} <= set(TOOL_PERMISSIONS)
        assert not set(NICKNAMES) & set(TOOL_PERMISSIONS)


class TestInstructions:
    def test_are_short(self) -> None:
        assert len(INSTRUCTIONS.split()) <= INSTRUCTION_WORDS_MAX


def write_golden_file() -> None:
    published = [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in list_tools()]
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(published, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_golden_file()
