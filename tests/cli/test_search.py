import json
import re
import unicodedata

import pytest

from grove.cli.failure import Exit
from grove.cli.results import is_complete, why_incomplete
from tests.cli.conftest import CommandLine

FOUND = """\
payments-api · src/net/retry.py  function retry_call  ≈4.00
    2│
    3│
    4│ def retry_call(call, *, tries=5, base=0.2):
    5│     \"\"\"Exponential backoff with jitter.\"\"\"
    6│     for attempt in range(tries):
"""


def harmful_in(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) in {"Cc", "Cf"}} - {"\t", "\n"}


class TestSearching:
    def test_shows_the_file_the_definition_and_numbered_lines(self, grove: CommandLine) -> None:
        found = grove("search", "--symbol", "retry_call", "-r", "payments-api", "-o", "table")

        assert found.exit_code == Exit.DONE
        assert "".join(f"{line.rstrip()}\n" for line in found.stdout.splitlines()) == FOUND
        assert re.fullmatch(
            r"— 1 file in 1 repository · \d+ ms · searched 1 at its default branch \(\w{12}\) · all results shown\n",
            found.stderr,
        )

    def test_gives_a_row_for_each_line_when_piped(self, grove: CommandLine) -> None:
        found = grove("search", "-e", r"def \w+", "-C", "1", "--glob", "*.py", "-b", "main", "-r", "payments-api")

        rows = [line.split("\t") for line in found.stdout.splitlines()]
        assert [(row[0], row[2], row[3], row[4]) for row in rows] == [
            ("payments-api", "src/net/retry.py", "3", "context"),
            ("payments-api", "src/net/retry.py", "4", "match"),
            ("payments-api", "src/net/retry.py", "5", "context"),
        ]
        assert rows[1][5] == "def retry_call(call, *, tries=5, base=0.2):"

    def test_gives_paths_or_counts_alone(self, grove: CommandLine) -> None:
        paths = grove("search", "-F", "call()", "--files", "-r", "payments-api")
        counts = grove("search", "-F", "call()", "--count", "-r", "payments-api")

        assert paths.stdout == "payments-api\tsrc/net/retry.py\n"
        assert counts.stdout == "payments-api\tsrc/net/retry.py\t2\n"

    def test_gives_the_whole_answer_as_json(self, grove: CommandLine) -> None:
        answer = json.loads(grove("search", "-F", "retry_call", "--explain", "--json").stdout)
        line = json.loads(grove("search", "--json", "truth_line", "-F", "retry_call").stdout)
        files = grove("search", "-F", "retry_call", "-o", "jsonl", "--json", "repository,path").stdout

        assert answer["truth"]["files_found"] == 1
        assert answer["plan"]
        assert line.keys() == {"truth_line"}
        assert files == '{"repository": "payments-api", "path": "src/net/retry.py"}\n'

    @pytest.mark.parametrize("form", ["table", "tsv", "jsonl"])
    def test_gives_the_same_piece_by_piece(self, grove: CommandLine, form: str) -> None:
        whole = grove("search", "-F", "retry_call", "-o", form)
        pieces = grove("search", "-F", "retry_call", "-o", form, "--stream")

        assert pieces.exit_code == Exit.DONE
        assert pieces.stdout == whole.stdout
        assert "1 file in 1 repository" in pieces.stderr

    def test_says_so_when_nothing_is_found(self, grove: CommandLine) -> None:
        for stream in ([], ["--stream"]):
            found = grove("search", "-F", "nothing like this", *stream)

            assert (found.exit_code, found.stdout) == (Exit.FAILED, ""), found.output
            assert "— nothing found" in found.stderr

    @pytest.mark.parametrize("words", [["foo:bar"], ["-e", "(("], ["--stream", "foo:bar"]])
    def test_refuses_what_it_cannot_understand(self, grove: CommandLine, words: list[str]) -> None:
        refused = grove("search", *words)

        assert (refused.exit_code, refused.stdout) == (Exit.INVALID, "")
        assert [line.partition(":")[0] for line in refused.stderr.splitlines()] == ["error", "  why", " next"]

    def test_says_where_a_query_is_wrong_and_what_was_meant(self, grove: CommandLine) -> None:
        refused = grove("search", "retry", "langg:py").stderr.splitlines()

        assert "(langg: at character 7; the nearest is lang) (filter_unknown)" in refused[1]
        assert refused[2] == " next: grove help query"

    @pytest.mark.parametrize("form", ["table", "tsv", "json", "jsonl"])
    def test_escapes_hostile_names_and_lines(self, grove: CommandLine, form: str) -> None:
        found = grove("search", "needle", "-r", "hostile", "-o", form)

        assert found.exit_code == Exit.DONE
        assert "needle" in found.stdout
        assert not harmful_in(found.output)


class TestStrictness:
    def test_is_content_with_a_complete_answer(self, grove: CommandLine) -> None:
        assert grove("search", "-F", "retry_call", "-r", "payments-api", "--strict").exit_code == Exit.DONE

    def test_is_content_when_all_was_searched_and_not_all_is_shown(self, grove: CommandLine) -> None:
        words = ["search", "-e", ".", "-r", "payments-api", "-n", "1"]

        assert grove(*words, "--strict").exit_code == Exit.DONE

    def test_names_every_reason(self) -> None:
        truth = {
            "skipped": [{}, {}],
            "searched": [{"stale": True}],
            "files_found": 3,
            "files_shown": 2,
            "offset": 0,
            "more": False,
            "limits_hit": ["seconds_max"],
        }
        assert not is_complete(truth)
        assert why_incomplete(truth) == (
            "2 repositories not searched, 1 repository behind the remote, limit reached: seconds_max"
        )
