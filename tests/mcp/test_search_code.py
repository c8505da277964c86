"""What an agent gets from a search: places with their lines, as many as fit, and the truth about the rest."""

import re

import pytest

from grove.mcp.budget import tokens_of
from tests.mcp.client import Tools
from tests.support.grove import House

PAYMENTS = "git.example.org/acme/payments"
WEB = "git.example.org/acme/web"


def cursor_of(truth: str) -> str:
    found = re.search(r"next cursor=(\S+)", truth)
    assert found is not None, truth
    return found[1]


class TestSearchCode:
    def test_names_repository_path_lines_and_symbol_of_the_best_place_first(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="money that goes back to a customer")

        assert re.match(rf"\[{PAYMENTS}\] src/pay/refund\.py:1-\d+  class Refund  \d+\.\d\d$", answer.lines[0])
        assert '2:     """Money that goes back to a customer."""' in [line.strip() for line in answer.lines]

    def test_ends_with_what_was_searched_and_at_which_commit(self, tools: Tools, made: House) -> None:
        truth = tools.call("search_code", query="total_of", mode="text").truth

        assert "1 file in 1 repository" in truth
        assert "searched 3 at their default branch" in truth
        assert re.search(rf"at {PAYMENTS}@[0-9a-f]{{10}}\b", truth)

    def test_marks_context_apart_from_matches(self, tools: Tools) -> None:
        answer = tools.call("search_code", query='"raise RefundDenied"', mode="text", context=1)

        assert answer.lines[1:] == [
            " 8-         if self.amount > ledger.balance:",
            " 9:             raise RefundDenied(self.amount)",
            "10-         ledger.pay_back(self.amount)",
        ]

    def test_takes_the_unmistakable_end_of_a_name_for_the_repository(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="refund", mode="text", repo="web")

        assert answer.text.count(f"[{WEB}]") == 1
        assert PAYMENTS not in answer.text
        assert "searched 1 at its default branch" in answer.truth

    def test_takes_several_repositories(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="refund", mode="text", repo=["acme/web", "acme/payments"])

        assert f"[{WEB}]" in answer.text
        assert f"[{PAYMENTS}]" in answer.text

    def test_searches_another_branch_and_says_so_at_each_place(self, tools: Tools) -> None:
        assert not tools.call("search_code", query="give_back", mode="text").lines

        answer = tools.call("search_code", query="give_back", mode="text", repo="payments", branch="next")

        assert answer.lines[0] == f"[{PAYMENTS}@next] src/pay/refund.py:10"

    def test_filters_by_path_and_language(self, tools: Tools) -> None:
        assert tools.call("search_code", query="refund", mode="text", path="*.ts").text.count("[") == 1
        assert "README.md" in tools.call("search_code", query="refund", mode="text", lang="markdown").lines[0]

    def test_can_be_called_by_a_name_that_is_not_listed(self, tools: Tools) -> None:
        answer = tools.call("semantic_code_search", question="money that goes back to a customer", top_k=1)

        assert "src/pay/refund.py" in answer.lines[0]

    def test_keeps_the_places_of_a_repository_together_when_asked(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="ledger", mode="text", limit=30, group_by="repo", max_tokens=20_000)

        order = re.findall(r"^\[(\S+)\]", answer.text, flags=re.MULTILINE)
        assert len([name for at, name in enumerate(order) if at == 0 or order[at - 1] != name]) == len(set(order)) == 2


class TestPages:
    def test_go_on_where_the_last_one_ended(self, tools: Tools) -> None:
        first = tools.call("search_code", query="readLedger", mode="text", limit=50, max_tokens=20_000)
        second = tools.call(
            "search_code", query="readLedger", mode="text", limit=50, max_tokens=20_000, cursor=cursor_of(first.truth)
        )

        paths = re.findall(r"gen/part\d+", first.text), re.findall(r"gen/part\d+", second.text)
        assert [len(set(page)) for page in paths] == [50, 10]
        assert not set(paths[0]) & set(paths[1])
        assert "next cursor" not in second.truth

    def test_belong_to_one_question(self, tools: Tools) -> None:
        cursor = cursor_of(tools.call("search_code", query="readLedger", mode="text").truth)

        error = tools.call("search_code", query="applyRefund", mode="text", cursor=cursor).error

        assert "belongs to another question" in error


class TestBudget:
    @pytest.mark.parametrize("max_tokens", [500, 800, 1_500, 4_000])
    def test_is_kept(self, tools: Tools, max_tokens: int) -> None:
        answer = tools.call("search_code", query="ledger", mode="text", limit=60, max_tokens=max_tokens)

        assert sum(map(tokens_of, answer.blocks)) <= max_tokens

    def test_leaves_lines_out_before_places(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="ledger", mode="text", limit=20, max_tokens=2_000)

        assert len(set(re.findall(r"\] (\S+?)(?=[: ]|$)", answer.text))) == 20
        assert re.search(r"shown: lines of the first (\d files|file), locations of the others", answer.truth)

    def test_leaves_places_out_before_counts(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="ledger", mode="text", limit=60, max_tokens=500)

        assert answer.lines == [
            f"[{PAYMENTS}]  1,324 matches in 3 files",
            f"[{WEB}]  2,280 matches in 57 files",
        ]
        assert "shown: counts per repository (more does not fit into max_tokens)" in answer.truth


class TestFindSymbol:
    def test_tells_where_it_is_defined_and_what_it_is(self, tools: Tools) -> None:
        answer = tools.call("find_symbol", name="total_of")

        assert answer.lines == [f"[{PAYMENTS}] src/pay/refund.py:17  function total_of", "17: def total_of(refunds):"]

    def test_shows_its_lines_when_asked(self, tools: Tools) -> None:
        answer = tools.call("find_symbol", name="total_of", include_body=True)

        assert answer.lines[1:] == [
            "17: def total_of(refunds):",
            "18:     return sum(refund.amount for refund in refunds)",
        ]

    def test_keeps_to_a_kind(self, tools: Tools) -> None:
        answer = tools.call("find_symbol", name="refund", kind="class")

        assert [line.rpartition("  ")[2] for line in answer.lines if line.startswith("[")] == [
            "class Refund",
            "class RefundDenied",
        ]
        assert "kind=class keeps 1 of 2 files" in answer.truth


class TestErrors:
    def test_name_the_closest_repository(self, tools: Tools) -> None:
        error = tools.call("search_code", query="x", repo="paymints").error

        assert error == (
            "There is no such repository here. (repository=paymints) "
            f'Closest: {PAYMENTS}. Call again with repo="{PAYMENTS}", or list_repos() for all names.'
        )

    def test_say_where_a_pattern_is_wrong(self, tools: Tools) -> None:
        error = tools.call("search_code", query="pay(back", mode="regex").error

        assert "Reason: missing ). It is at character" in error

    def test_refuse_an_unknown_filter(self, tools: Tools) -> None:
        error = tools.call("search_code", query="lnag:python refund").error

        assert "There is no such filter" in error
        assert "Nearest: lang." in error

    def test_tell_that_a_revision_is_unknown_instead_of_finding_nothing(self, tools: Tools) -> None:
        error = tools.call("search_code", query="refund", repo="payments", ref="nope").error

        assert "Nothing of what was asked for can be searched now." in error
        assert "nope: no branch, tag or commit of that name" in error
        assert "Leave ref out for the default branch" in error

    def test_list_what_a_tool_takes(self, tools: Tools) -> None:
        error = tools.call("search_code", query="x", embedder="large", limit=0).error

        assert "embedder: Extra inputs are not permitted" in error
        assert "limit: Input should be greater than or equal to 1" in error
        known = "query, mode, repo, ref, path, lang, context, workspace, group_by, limit, max_tokens, cursor"
        assert f"It takes {known}." in error

    def test_name_the_tools_there_are(self, tools: Tools) -> None:
        assert "The tools are search_code, read_file," in tools.call("grep_everything").error
