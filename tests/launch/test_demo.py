"""`grove demo --once`, as it is typed."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.git_repositories import Repository


def demo(repository: Path, home: Path) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-m", "grove.launch", "demo", str(repository), "--once"]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)


class TestTheDemo:
    def test_finds_code_by_meaning_by_regex_and_by_symbol(self, tmp_path: Path) -> None:
        upstream = Repository.new(tmp_path / "shop.git")
        upstream.commit(
            {"shop/cart.py": 'def add_item(cart, item):\n    """Report errors."""\n    cart.append(item)\n'}
        )
        (tmp_path / "home").mkdir()

        shown = demo(upstream.path, tmp_path / "home")

        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert shown.stdout.count("shop/cart.py") == 3
        assert "sym:add_item" in shown.stdout
        assert list((tmp_path / "home").iterdir()) == [], "it leaves nothing behind"

    def test_fails_when_a_search_finds_nothing(self, tmp_path: Path) -> None:
        upstream = Repository.new(tmp_path / "notes.git")
        upstream.commit({"notes.txt": "nothing is defined here\n"})
        (tmp_path / "home").mkdir()

        shown = demo(upstream.path, tmp_path / "home")

        assert shown.returncode == 1
        assert "not every search found something" in shown.stdout

    def test_says_what_is_wrong_with_a_folder_that_is_no_repository(self, tmp_path: Path) -> None:
        (tmp_path / "home").mkdir()
        (tmp_path / "folder").mkdir()

        shown = demo(tmp_path / "folder", tmp_path / "home")

        assert shown.returncode == 1
        assert "Traceback" not in shown.stdout + shown.stderr
