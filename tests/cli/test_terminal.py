"""What somebody at a terminal sees; each command runs in a process of its own on a pseudo-terminal."""

import os
import pty
import re
import subprocess
import termios
import time
from select import select

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site

ESCAPE = "\x1b"
SILENCE_SECONDS_MAX = 30.0


def typed(
    grove: CommandLine, *words: str, asked: str = "", keys: str = "", hidden: bool = False, **environment: str
) -> tuple[int, str]:
    """Run a command at a terminal, and type when it asks; its exit code, and all that the terminal got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        grove.argv(*words),
        env={**grove.variables(), "COLUMNS": "120", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while select([ours], [], [], SILENCE_SECONDS_MAX)[0] and (piece := os.read(ours, 65_536)):
            shown += piece
            if keys and asked.encode() in shown:
                _wait_until_read(ours, hidden=hidden)
                os.write(ours, keys.encode())
                keys = ""
    except OSError:
        pass  # the terminal is closed when the process ends
    os.close(ours)
    with process:
        try:
            return process.wait(timeout=SILENCE_SECONDS_MAX), shown.decode()
        finally:
            process.kill()


def _wait_until_read(terminal: int, *, hidden: bool) -> None:
    """What is typed before a terminal's echo is switched off is thrown away."""
    deadline = time.monotonic() + SILENCE_SECONDS_MAX
    while hidden and termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < deadline:
        time.sleep(0.01)


class TestATerminal:
    def test_gets_a_table_with_colours(self, grove: CommandLine) -> None:
        code, shown = typed(grove, "repo", "list", "payments")

        assert code == Exit.DONE
        assert f"{ESCAPE}[1mNAME" in shown
        assert "✓ Ready" in shown

    def test_gets_no_colours_when_it_wants_none(self, grove: CommandLine) -> None:
        _, shown = typed(grove, "search", "-F", "retry_call", NO_COLOR="1")

        assert "payments-api · src/net/retry.py" in re.sub(r"\x1b\[[\d;]*m", "", shown)
        assert not re.search(r"\x1b\[([\d;]*;)?[349]\dm", shown)

    def test_gets_nothing_raw_from_a_repository(self, grove: CommandLine) -> None:
        _, shown = typed(grove, "cat", "--raw", r"hostile:evil\x1b[31m\u{202e}gpj.txt")

        assert r"needle \x1b]8;;https://evil.example\x07click" in shown
        assert ESCAPE not in shown

    def test_is_asked_before_something_is_kept(self, grove: CommandLine, site: Site) -> None:
        path = site.source("asked-for", {"a.py": "a = 1\n"})
        refused, shown = typed(grove, "add", str(path), asked="asked-for?", keys="n\n")

        assert refused == Exit.FAILED
        assert "Keep asked-for?" in shown
        assert "error: Nothing was done." in shown
        assert grove("repo", "view", "asked-for").exit_code == Exit.NOT_FOUND

    def test_sees_a_job_move(self, grove: CommandLine, site: Site) -> None:
        path = site.source("moving", {f"{number}.py": f"def f{number}(): ...\n" for number in range(50)})
        code, shown = typed(grove, "add", str(path), asked="moving?", keys="y\n")

        assert code == Exit.DONE
        assert "✓ mirror" in shown
        assert "✓ index" in shown
        assert "✓ Ready" in shown

    def test_does_not_show_a_secret_that_is_typed(self, stranger: CommandLine, site: Site) -> None:
        code, shown = typed(
            stranger, "login", site.url, "--with-token", asked="token:", keys="grove_typed-secret\n", hidden=True
        )

        assert code == Exit.DENIED
        assert "token:" in shown
        assert "typed-secret" not in shown.partition("token:")[2]
