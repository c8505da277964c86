import json

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestNames:
    def test_are_shown_where_they_are_defined(self, grove: CommandLine) -> None:
        shown = grove("def", "retry_call")

        assert shown.exit_code == Exit.DONE
        name, kind, signature = shown.stdout.strip().split("\t")
        assert name.endswith("payments-api:src/net/retry.py:4")
        assert (kind, signature) == ("function", "def retry_call(call, *, tries=5, base=0.2):")
        assert "searched" in shown.stderr

    def test_are_shown_where_they_are_used(self, grove: CommandLine) -> None:
        shown = grove("refs", "sleep", "--json", "line,role,around")

        assert [(item["line"], item["role"], item["around"]["name"]) for item in json.loads(shown.stdout)] == [
            (10, "call", "retry_call")
        ]
        assert "by name" in shown.stderr

    def test_have_callers_and_callees(self, grove: CommandLine) -> None:
        callers = grove("callers", "sleep")
        callees = grove("callees", "retry_call")

        assert "function retry_call" in callers.stdout
        assert [line.split("\t")[0] for line in callees.stdout.splitlines()] == ["range", "call", "sleep"]
        assert "in function retry_call" in callees.stderr

    def test_that_are_nowhere_end_with_a_failure(self, grove: CommandLine) -> None:
        assert grove("def", "no_such_name_at_all").exit_code == Exit.FAILED

    def test_that_are_none_are_refused(self, grove: CommandLine) -> None:
        refused = grove("refs", " ")

        assert refused.exit_code == Exit.INVALID
        assert "name_invalid" in refused.stderr


class TestOutline:
    def test_shows_what_a_file_defines(self, grove: CommandLine) -> None:
        shown = grove("outline", "payments-api@main:src/net/retry.py")

        assert shown.stdout == "4-11\tfunction\tretry_call\tdef retry_call(call, *, tries=5, base=0.2):\n"
        assert "1 definition" in shown.stderr


class TestFiles:
    def test_are_found_by_some_characters(self, grove: CommandLine) -> None:
        shown = grove("find", "netrtry")

        repository, path = shown.stdout.strip().split("\t")
        assert repository.endswith("payments-api")
        assert path == "src/net/retry.py"


class TestSimilar:
    def test_needs_lines(self, grove: CommandLine) -> None:
        assert grove("similar", "payments-api:src/net/retry.py").exit_code == Exit.INVALID

    def test_finds_nothing_where_there_is_nothing_alike(self, grove: CommandLine) -> None:
        assert grove("similar", "payments-api:src/net/retry.py:4-11").exit_code == Exit.FAILED
