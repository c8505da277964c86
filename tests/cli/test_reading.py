import json

import pytest

from grove.cli.failure import Exit, Failure
from grove.cli.reading import Place, parse_place
from tests.cli.conftest import HOSTILE_TEXT, RETRY, CommandLine

HOSTILE_SHOWN = r"evil\x1b[31m\u{202e}gpj.txt"


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("web:a.py", Place(repository="web", revision="", path="a.py")),
            ("web@v1:a.py", Place(repository="web", revision="v1", path="a.py")),
            ("web:a.py:10", Place(repository="web", revision="", path="a.py", first_line=10, last_line=10)),
            ("web:a.py:10-40", Place(repository="web", revision="", path="a.py", first_line=10, last_line=40)),
            ("git.example.org:8443/a/b:c.py", Place(repository="git.example.org:8443/a/b", revision="", path="c.py")),
            ("web@feature/x:a/b.py", Place(repository="web", revision="feature/x", path="a/b.py")),
            ("web", Place(repository="web", revision="", path="")),
        ],
    )
    def test_are_written_as_people_write_them(self, text: str, place: Place) -> None:
        assert parse_place(text, with_lines=True) == place

    @pytest.mark.parametrize("text", [":a.py", "@v1:a.py", "web:a.py:40-10"])
    def test_are_refused_when_they_are_none(self, text: str) -> None:
        with pytest.raises(Failure) as refused:
            parse_place(text, with_lines=True)

        assert refused.value.exit_code is Exit.INVALID


class TestShowingAFile:
    def test_gives_it_as_it_is(self, grove: CommandLine) -> None:
        shown = grove("cat", "payments-api@main:src/net/retry.py")

        assert (shown.exit_code, shown.stdout, shown.stderr) == (Exit.DONE, RETRY, "")

    def test_gives_some_lines(self, grove: CommandLine) -> None:
        assert grove("cat", "payments-api:src/net/retry.py:4-5").stdout == "".join(RETRY.splitlines(keepends=True)[3:5])

    def test_refuses_lines_that_it_does_not_have(self, grove: CommandLine) -> None:
        assert grove("cat", "payments-api:README.md:40").exit_code == Exit.NOT_FOUND

    def test_of_a_repository_that_no_forge_shows_has_no_address(self, grove: CommandLine) -> None:
        refused = grove("link", "payments-api:README.md:1-2")

        assert refused.exit_code == Exit.NOT_FOUND
        assert "GROVE_FORGES" in refused.stderr

    def test_escapes_what_would_act_on_a_terminal(self, grove: CommandLine) -> None:
        shown = grove("cat", f"hostile:{HOSTILE_SHOWN}")

        assert shown.stdout == (
            r"needle \x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \u202etxt\x9b2J\x0dover" "\n"
        )
        assert "--raw gives the exact bytes" in shown.stderr

    def test_gives_the_exact_bytes_when_they_are_piped_raw(self, grove: CommandLine) -> None:
        assert grove("cat", "--raw", f"hostile:{HOSTILE_SHOWN}").stdout_bytes == HOSTILE_TEXT.encode()
        assert grove("cat", "--raw", "payments-api:windows.txt").stdout_bytes == b"a\r\nb\r\n"

    def test_shows_no_binary_file(self, grove: CommandLine) -> None:
        refused = grove("cat", "hostile:binary.bin")

        assert (refused.exit_code, refused.stdout) == (Exit.INVALID, "")
        assert refused.stderr.splitlines()[2] == " next: grove cat --raw hostile:binary.bin > FILE"

    @pytest.mark.parametrize(
        ("place", "next_step"),
        [
            ("payments-api:nope", "grove tree payments-api"),
            ("payments-api@nope:README.md", "grove repo refs payments-api"),
            ("nope:README.md", "grove repo list"),
        ],
    )
    def test_says_what_is_missing(self, grove: CommandLine, place: str, next_step: str) -> None:
        refused = grove("cat", place)

        assert refused.exit_code == Exit.NOT_FOUND
        assert refused.stderr.splitlines()[2] == f" next: {next_step}"


class TestShowingAFolder:
    def test_lists_it(self, grove: CommandLine) -> None:
        shown = grove("tree", "payments-api")
        table = grove("tree", "payments-api", "-o", "table")

        assert shown.stdout == "README.md\tfile\t36\nsrc\tfolder\t\nwindows.txt\tfile\t6\n"
        assert table.stdout.splitlines()[2].split() == ["src/", "folder"]
        assert "payments-api at a3060e8067ee" in shown.stderr

    def test_goes_deeper(self, grove: CommandLine) -> None:
        items = json.loads(grove("tree", "payments-api@main:src", "--depth", "2", "--json", "path").stdout)

        assert items == [{"path": "src/net"}, {"path": "src/net/retry.py"}]

    def test_says_that_there_is_more(self, grove: CommandLine) -> None:
        assert "there is more: --limit" in grove("tree", "payments-api", "-n", "1").stderr

    def test_escapes_hostile_names(self, grove: CommandLine) -> None:
        assert HOSTILE_SHOWN in grove("tree", "hostile", "-o", "table").stdout
