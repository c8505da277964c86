import csv
import json
from pathlib import Path

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestContexts:
    def test_are_set_listed_searched_and_removed(self, grove: CommandLine) -> None:
        made = grove("context", "set", "pay", "repo:=payments-api", "-d", "what is paid", "--json")

        assert json.loads(made.stdout)["entries"] == ["repo:=payments-api"]
        assert "what is paid" in grove("context", "list").stdout
        assert grove("search", "context:pay", "'needle'").exit_code == Exit.FAILED
        assert grove("context", "rm", "pay", "--yes").exit_code == Exit.DONE

        refused = grove("search", "context:pay", "x")
        assert refused.exit_code == Exit.NOT_FOUND
        assert " next: grove context list" in refused.stderr


class TestExports:
    def test_are_written_to_a_file(self, grove: CommandLine, tmp_path: Path) -> None:
        for name in ("found.jsonl", "found.csv"):
            done = grove("search", "retry_call", "--export", str(tmp_path / name))
            assert done.exit_code == Exit.DONE, done.output
            assert "1 file in 1 repository" in done.stderr

        (row,) = map(json.loads, (tmp_path / "found.jsonl").read_text().splitlines())
        (cells,) = csv.DictReader((tmp_path / "found.csv").read_text().splitlines())
        assert (row["repository"], row["path"], row["line"]) == ("payments-api", "src/net/retry.py", 4)
        assert (cells["path"], cells["text"]) == (row["path"], row["text"])
        assert sorted(path.name for path in tmp_path.glob("found*")) == ["found.csv", "found.jsonl"]

    def test_need_a_file_that_says_how(self, grove: CommandLine, tmp_path: Path) -> None:
        refused = grove("search", "retry_call", "--export", str(tmp_path / "found.txt"))

        assert refused.exit_code == Exit.INVALID
        assert ".jsonl" in refused.stderr
