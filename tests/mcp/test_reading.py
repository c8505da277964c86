"""Files and folders as an agent reads them."""

import re

import pytest

from grove.mcp.budget import tokens_of
from tests.mcp.client import Tools

PAYMENTS = "git.example.org/acme/payments"


class TestReadFile:
    def test_numbers_the_lines(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="README.md")

        assert answer.lines == ["1: # Payments", "2: ", "3: Refunds are paid back from the ledger."]
        assert re.fullmatch(
            rf"Showing 1-3 of 3\. · {PAYMENTS}@[0-9a-f]{{10}}:README\.md · markdown · 51 bytes", answer.truth
        )

    def test_gives_pages_of_500_lines(self, tools: Tools) -> None:
        first = tools.call("read_file", repo="payments", path="long.txt", max_tokens=20_000)
        last = tools.call("read_file", repo="payments", path="long.txt", offset=1_001, max_tokens=20_000)

        assert len(first.lines) == 500
        assert first.truth.startswith("Showing 1-500 of 1,320. Next: start_line=501 ")
        assert last.truth.startswith("Showing 1001-1320 of 1,320. ·")

    def test_gives_fewer_lines_when_no_more_fit_and_says_so(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="long.txt", max_tokens=500)

        count = len(answer.lines)
        assert 10 < count < 100
        assert f"Showing 1-{count} of 1,320. Next: start_line={count + 1} (fewer lines than asked for" in answer.truth
        assert sum(map(tokens_of, answer.blocks)) <= 500

    def test_gives_the_lines_that_were_asked_for(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="long.txt", start_line=7, end_line=8)

        assert answer.lines == ["7: line 7 of the ledger", "8: line 8 of the ledger"]

    def test_reads_any_commit(self, tools: Tools) -> None:
        answer = tools.call(
            "read_file", repo="payments", path="src/pay/refund.py", ref="next", start_line=10, end_line=10
        )

        assert answer.lines == ["10:         ledger.give_back(self.amount)"]

    @pytest.mark.parametrize("symbol", ["apply", "Refund.apply"])
    def test_starts_at_a_definition(self, tools: Tools, symbol: str) -> None:
        answer = tools.call("read_file", repo="payments", path="src/pay/refund.py", symbol=symbol)

        assert answer.lines[0] == " 7:     def apply(self, ledger):"

    def test_outlines_what_a_file_defines(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="src/pay/refund.py", view="outline")

        assert answer.lines == [
            " 1-10 class Refund:",
            " 4-5    def __init__(self, amount):",
            " 7-10   def apply(self, ledger):",
            "13-14 class RefundDenied(Exception):",
            "17-18 def total_of(refunds):",
        ]

    def test_outlines_a_file_that_defines_much(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="many.py", view="outline", max_tokens=20_000)

        assert answer.lines[-1] == "239-240 def made119():"
        assert answer.truth.startswith("120 definitions · ")

    def test_cuts_a_line_that_is_too_long(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="wide.txt")

        assert answer.lines[0].endswith("[… cut: the line has 100,006 characters]")
        assert len(answer.lines[0]) < 2_100
        assert answer.lines[1] == "2: after"

    @pytest.mark.parametrize("max_tokens", [500, 700])
    def test_cuts_it_further_when_even_that_does_not_fit(self, tools: Tools, max_tokens: int) -> None:
        answer = tools.call("read_file", repo="payments", path="wide.txt", max_tokens=max_tokens)

        assert answer.lines[0].startswith("1: start wide")
        assert "Next: start_line=2" in answer.truth
        assert sum(map(tokens_of, answer.blocks)) <= max_tokens

    def test_writes_out_bytes_that_are_not_utf_8(self, tools: Tools) -> None:
        assert tools.call("read_file", repo="payments", path="latin.txt").lines == [r"1: caf\xe9", "2: second"]

    def test_says_that_a_file_is_empty(self, tools: Tools) -> None:
        answer = tools.call("read_file", repo="payments", path="empty.txt")

        assert answer.lines == []
        assert answer.truth.startswith("The file is empty. · ")


class TestReadFileErrors:
    def test_send_to_the_folder_when_there_is_no_such_file(self, tools: Tools) -> None:
        error = tools.call("read_file", repo="payments", path="src/pay/nope.py", ref="next").error

        assert error.startswith("There is no such path at this commit.")
        assert error.endswith('Call list_tree(repo="payments", ref="next", path="src/pay") to see what is there.')

    def test_refuse_what_is_not_text(self, tools: Tools) -> None:
        assert "(path=logo.png, size_bytes=17)" in tools.call("read_file", repo="payments", path="logo.png").error

    def test_tell_where_the_file_ends(self, tools: Tools) -> None:
        error = tools.call("read_file", repo="payments", path="README.md", start_line=4).error

        assert error == (
            "The file ends before this line. (path=README.md, start_line=4, lines=3) "
            'Call read_file(repo="payments", path="README.md", start_line=1).'
        )

    def test_name_a_definition_that_is_spelt_alike(self, tools: Tools) -> None:
        error = tools.call("read_file", repo="payments", path="src/pay/refund.py", symbol="RefundDenid").error

        assert "Nearest: RefundDenied" in error
        assert 'view="outline"' in error

    @pytest.mark.parametrize(
        "path", ["../../etc/passwd", "/etc/passwd", "../../../../root/.ssh/id", "src/../README.md", "."]
    )
    def test_refuse_paths_that_lead_out_or_nowhere(self, tools: Tools, path: str) -> None:
        assert tools.call("read_file", repo="payments", path=path).is_error

    @pytest.mark.parametrize(
        "ref", ["--output=/tmp/owned", "-h", "main:README.md", "main..next", "HEAD@{1}", "@{-1}", ":/Money"]
    )
    def test_refuse_revisions_that_are_options_or_expressions(self, tools: Tools, ref: str) -> None:
        error = tools.call("read_file", repo="payments", path="README.md", ref=ref).error

        assert re.match(r"There is no such branch|This cannot be the name of a branch", error)

    @pytest.mark.parametrize("repo", ["/etc", "../payments", "%", "_______", "https://evil.test/x.git"])
    def test_refuse_repositories_that_are_not_here(self, tools: Tools, repo: str) -> None:
        assert "There is no such repository here." in tools.call("read_file", repo=repo, path="README.md").error


class TestListTree:
    def test_shows_folders_and_sizes(self, tools: Tools) -> None:
        answer = tools.call("list_tree", repo="payments")

        assert "README.md  51" in answer.lines
        assert "link.md  (symlink)" in answer.lines
        assert "src/" in answer.lines
        assert answer.truth.endswith(":/ · all shown")

    def test_goes_as_deep_as_asked(self, tools: Tools) -> None:
        answer = tools.call("list_tree", repo="payments", path="src", depth=2)

        assert answer.lines == ["pay/", "  __init__.py  0", "  refund.py  393"]

    def test_gives_markdown_when_asked(self, tools: Tools) -> None:
        answer = tools.call("list_tree", repo="payments", path="src", depth=2, format="markdown")

        assert answer.lines == ["- `pay/`", "  - `__init__.py`  0", "  - `refund.py`  393"]

    def test_can_be_called_by_a_name_that_is_not_listed(self, tools: Tools) -> None:
        assert "- `src/`" in tools.call("repo_tree_md", repo="payments").lines

    def test_says_that_there_is_more(self, tools: Tools) -> None:
        answer = tools.call("list_tree", repo="web", path="gen", limit=10)

        assert len(answer.lines) == 10
        assert "the first 10 shown" in answer.truth

    def test_counts_per_folder_when_no_more_fits(self, tools: Tools) -> None:
        answer = tools.call("list_tree", repo="hostile", depth=2, max_tokens=500)

        assert answer.lines == ["./  2 entries", "docs/  1 entry", "notes/  200 entries"]
        assert "shown: counts per folder" in answer.truth


class TestFileHistory:
    def test_tells_the_commits_of_a_file(self, tools: Tools) -> None:
        answer = tools.call("file_history", repo="payments", path="README.md")
        assert len(answer.lines) == 1
        assert answer.truth.endswith("README.md · all shown")

    def test_tells_the_commit_of_each_line(self, tools: Tools) -> None:
        answer = tools.call("file_history", repo="payments", path="README.md", view="blame", start_line=3)
        assert answer.lines[0].startswith("3-3  ")
        assert answer.lines[1] == "    3  Refunds are paid back from the ledger."

    def test_tells_how_two_refs_differ(self, tools: Tools) -> None:
        answer = tools.call("file_history", repo="payments", view="diff", base="main")
        assert answer.truth.startswith("0 files differ")

    def test_says_what_its_view_needs(self, tools: Tools) -> None:
        assert "needs base" in tools.call("file_history", repo="payments", view="diff").error
        assert "needs path" in tools.call("file_history", repo="payments").error


class TestCommits:
    def test_are_found_by_their_words(self, tools: Tools) -> None:
        answer = tools.call("search_code", query="type:commit file:README", repo="payments")
        assert "@example.org>  change" in answer.lines[0]
        assert answer.lines[1] == "  added README.md"
