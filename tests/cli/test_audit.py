import json
from pathlib import Path

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site


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


class TestDecisions:
    def test_say_who_read_a_repository_by_which_policies(self, grove: CommandLine, site: Site) -> None:
        grove("cat", "hostile:binary.bin")
        site.house.grove.decisions.write(site.house.grove.database)

        since = ("--since", "2026-01-01")
        found = grove("audit", "decisions", "-r", "hostile", "-u", "admin", "--action", "file.*", *since)

        [line] = found.stdout.splitlines()
        assert line.split("\t")[:3] == ["admin", "cli", "file.read"]
        assert "grove.viewer" in line

    def test_are_written_to_a_file_day_by_day(self, grove: CommandLine, tmp_path: Path) -> None:
        file = tmp_path / "decisions.jsonl"
        assert grove("audit", "export-decisions", str(file), "--since", "2026-01-01").exit_code == Exit.DONE
        assert all(json.loads(line)["day"] for line in file.read_text().splitlines())
        assert grove("audit", "export-decisions", str(file)).exit_code == Exit.FAILED

    def test_know_days(self, grove: CommandLine) -> None:
        assert grove("audit", "decisions", "--until", "2001-01-01").stderr.startswith("Nothing of the kind was allowed")
        assert grove("audit", "decisions", "--since", "October").exit_code == Exit.INVALID
