import json
from pathlib import Path

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestListing:
    def test_shows_who_did_what_to_a_repository(self, grove: CommandLine) -> None:
        listed = grove("audit", "list", "--target", "payments-api", "--action", "repository.connect")

        [line] = listed.stdout.splitlines()
        assert line.split("\t")[2:5] == ["admin", "api", "repository.connect"]
        assert "payments-api" in line

    def test_knows_dates(self, grove: CommandLine) -> None:
        assert grove("audit", "list", "--until", "2001-01-01").stderr == "There is no such entry.\n"
        assert grove("audit", "list", "--since", "yesterday").exit_code == Exit.INVALID


class TestExporting:
    def test_writes_all_entries_oldest_first(self, grove: CommandLine, tmp_path: Path) -> None:
        file = tmp_path / "trail.jsonl"
        exported = grove("audit", "export", str(file))
        entries = [json.loads(line) for line in file.read_text().splitlines()]

        assert exported.exit_code == Exit.DONE
        assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
        assert [entry["previous"] for entry in entries[1:]] == [entry["digest"] for entry in entries[:-1]]
        assert grove("audit", "export", str(file)).exit_code == Exit.FAILED
        assert len(grove("audit", "export", "--action", "tenant.set_up").stdout.splitlines()) == 1


class TestVerifying:
    def test_says_that_it_is_whole(self, grove: CommandLine) -> None:
        verified = grove("audit", "verify")
        noted = verified.stderr.split()[-1]

        assert verified.exit_code == Exit.DONE
        assert grove("audit", "verify", "--known", noted).exit_code == Exit.DONE

    def test_fails_when_it_is_not(self, grove: CommandLine) -> None:
        broken = grove("audit", "verify", "--known", f"1:{'0' * 64}")

        assert broken.exit_code == Exit.FAILED
        assert broken.stderr.splitlines()[0] == "error: The audit trail is broken at entry 1."
