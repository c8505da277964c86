"""What commands and other processes can leave in the folder of a workspace, or do to it while Grove looks."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from grove.checkouts import Executed, Order, sweep_checkouts
from grove.kit.errors import GroveError
from tests.checkouts.conftest import checked_out, collected, opened, read, write
from tests.support.git_repositories import git
from tests.support.grove import House

ROUNDS = 8
SWAP = """
import os, sys
from contextlib import suppress
folder, outside = sys.argv[1:]
while True:
    for name in ("src/part4", "src/part5"):
        with suppress(OSError):
            os.rename(f"{folder}/{name}", f"{folder}/src/aside")
            os.symlink(outside, f"{folder}/{name}")
            os.unlink(f"{folder}/{name}")
            os.rename(f"{folder}/src/aside", f"{folder}/{name}")
    with suppress(OSError):
        os.symlink(f"{outside}/key", f"{folder}/swapping")
        os.rename(f"{folder}/swapping", f"{folder}/README.md")
"""
"""Turns folders and a file into links that lead outside and back, as fast as it can."""


def run(made: House, script: str) -> Executed:
    if made.grove.confiner.method is None:
        pytest.skip("nothing on this machine can confine a command")
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        pytest.skip("commands see only the system's Python, and there is none")
    order = Order(words=[python, "-c", script], seconds_max=30.0)
    return made.grove.commands.execute(made.admin, "fix", order=order, now=made.now)


@contextmanager
def swapping(folder: Path, outside: Path) -> Iterator[None]:
    racing = subprocess.Popen([sys.executable, "-c", SWAP, str(folder), str(outside)])
    try:
        yield
    finally:
        racing.kill()
        racing.wait()


class TestARace:
    def test_leads_nowhere_whatever_is_swapped_and_when(self, made: House, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "key").write_text("secret")
        (outside / "mod4.py").write_text("secret")
        opened(made)
        folder = checked_out(made).path
        with swapping(folder, outside):
            for number in range(ROUNDS):
                with suppress(GroveError):  # changed here and there, or in the way: told, and nothing done
                    write(made, f"src/part4/new{number}.py", f"{number}\n")
                    write(made, "src/part5/mod5.py", f"value = {number + 9}\n")
                with suppress(GroveError):
                    collected(made)
        assert {path.name: path.read_text() for path in outside.iterdir()} == {"key": "secret", "mod4.py": "secret"}
        for path in ("README.md", "src/part4/mod4.py", "src/part5/mod5.py"):
            with suppress(GroveError):
                assert b"secret" not in read(made, path)


class TestWhatACommandLeaves:
    def test_that_is_no_file_is_told_and_not_taken(self, made: House) -> None:
        opened(made)
        done = run(
            made,
            "import os, socket\n"
            "os.mkfifo('pipe'); socket.socket(socket.AF_UNIX).bind('socket'); os.link('README.md', 'hard')\n"
            "for kind, number in ((0o020000, (1, 3)), (0o060000, (8, 0))):\n"
            "    try: os.mknod('device', kind | 0o666, os.makedev(*number)); raise SystemExit(7)\n"
            "    except PermissionError: pass\n"
            "try: os.link('/etc/passwd', 'passwd'); raise SystemExit(8)\n"
            "except OSError: pass\n",
        )
        assert done.outcome.exit_code == 0, done.stderr.content
        assert done.collected is not None
        assert set(done.collected.left_out) == {"pipe", "socket"}
        assert read(made, "hard") == b"shop\n"

    def test_is_taken_by_any_name_that_is_none_of_gits(self, made: House) -> None:
        opened(made)
        names = [b"a\nb", b"\xff\xfe", b"n" * 255, b"A", b"a", b"-rf", b" blank ", b"\x1b[31m", b"x\xff/y\nz/f"]
        done = run(
            made,
            "import os\n"
            f"for number, name in enumerate({names!r}):\n"
            "    os.makedirs(os.path.dirname(name) or b'.', exist_ok=True)\n"
            "    with open(name, 'wb') as file: file.write(b'%d' % number)\n",
        )
        assert done.outcome.exit_code == 0, done.stderr.content
        assert done.collected is not None
        assert (done.collected.from_folder, done.collected.left_out) == (len(names), {})
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        again = checked_out(made)
        for number, name in enumerate(names):
            assert (again.path / name.decode(errors="surrogateescape")).read_bytes() == b"%d" % number
        assert git(again.path, "diff-files") == b""

    def test_is_not_taken_where_another_system_would_see_a_git_directory(self, made: House) -> None:
        opened(made)
        names = [".GIT", "git~1", ".git.", ".git ", ".g\u200cit", ".Git", ".git::$INDEX_ALLOCATION"]
        done = run(
            made,
            "import os\n"
            f"for name in {names!r}:\n"
            "    os.mkdir(name)\n"
            "    with open(name + '/config', 'w') as file: file.write('[core]\\n')\n"
            "os.mkdir('inner')\n"
            "with open('inner/.git', 'w') as file: file.write('gitdir: /etc')\n"
            "with open('inner/file', 'w') as file: file.write('x')\n",
        )
        assert done.outcome.exit_code == 0, done.stderr.content
        assert done.collected is not None
        assert set(done.collected.left_out) == {*names, "inner"}
        assert done.collected.from_folder == 0

    def test_is_bounded_in_depth_and_removed_however_deep_it_is(self, made: House) -> None:
        opened(made)
        done = run(made, "import os\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')\nos.chmod('.', 0)")
        assert done.outcome.exit_code == 0, done.stderr.content
        assert done.collected is not None
        assert len(done.collected.left_out) == 1
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        sweep_checkouts(made.grove.checkouts)  # as each start of the server does, which it must not stop
        assert list(made.grove.checkouts.ground.places.tenants.glob("*/trash/*")) == []
        assert checked_out(made).path.is_dir()

    def test_is_told_when_its_git_directory_is_gone(self, made: House) -> None:
        opened(made)
        done = run(made, "import os\nos.rename('.git', 'gone')")
        assert done.collected is None
        assert "git directory is gone" in done.problem
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        assert run(made, "print('here')").stdout.content == b"here\n"

    def test_does_not_outlive_it_by_leaving_its_session_twice(self, made: House) -> None:
        opened(made)
        done = run(
            made,
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    if os.fork() == 0:\n"
            "        os.closerange(0, 3)\n"
            "        time.sleep(1)\n"
            "        open('late.txt', 'w').close()\n"
            "    os._exit(0)\n",
        )
        assert done.outcome.exit_code == 0, done.stderr.content
        time.sleep(1.5)
        assert not (checked_out(made).path / "late.txt").exists()
