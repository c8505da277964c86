from tests.mcp.client import Tools


class TestFindReferences:
    def test_shows_where_a_name_is_used(self, tools: Tools) -> None:
        answer = tools.call("find_references", name="RefundDenied", repo="payments")

        assert answer.lines == [
            "[git.example.org/acme/payments] src/pay/refund.py",
            "  9: call in method Refund.apply  raise RefundDenied(self.amount)",
        ]
        assert "by name" in answer.truth
        assert "defined at [git.example.org/acme/payments] src/pay/refund.py:13" in answer.truth

    def test_shows_who_uses_a_name(self, tools: Tools) -> None:
        answer = tools.call("find_references", name="RefundDenied", relation="callers")

        assert answer.lines[0] == (
            "[git.example.org/acme/payments] src/pay/refund.py  method Refund.apply, lines 7-10; used on 9"
        )

    def test_shows_what_a_definition_calls(self, tools: Tools) -> None:
        answer = tools.call("find_references", name="Refund.apply", relation="callees", ref="next")

        assert answer.lines == [
            "RefundDenied  on 9  class [git.example.org/acme/payments] src/pay/refund.py:13",
            "give_back  on 10  (not defined in what was searched)",
        ]

    def test_goes_on_where_it_ended(self, tools: Tools) -> None:
        first = tools.call("find_references", name="readLedger", limit=2)
        second = tools.call("find_references", name="readLedger", limit=2, offset=2)

        assert "next offset=2" in first.truth
        assert first.lines != second.lines

    def test_says_that_there_is_none(self, tools: Tools) -> None:
        answer = tools.call("find_references", name="Refundd")

        assert answer.lines == ["(none)"]
        assert "nothing found" in answer.truth

    def test_fits_into_what_was_allowed(self, tools: Tools) -> None:
        answer = tools.call("find_references", name="readLedger", limit=200, max_tokens=500)

        assert "left out" in answer.truth


class TestFindFiles:
    def test_finds_files_by_some_characters(self, tools: Tools) -> None:
        answer = tools.call("find_files", pattern="payrefund")

        assert answer.lines == ["[git.example.org/acme/payments] src/pay/refund.py"]

    def test_says_that_there_is_none(self, tools: Tools) -> None:
        assert tools.call("find_files", pattern="zzzz", repo="payments").lines == ["(none)"]


class TestFindSimilar:
    def test_finds_other_versions_of_some_lines(self, tools: Tools) -> None:
        answer = tools.call(
            "find_similar", repo="payments", path="src/pay/refund.py", ref="next", start_line=4, end_line=10
        )

        assert answer.lines[0].startswith("[git.example.org/acme/payments] src/pay/refund.py:4-")
        assert "in " in answer.lines[0]
