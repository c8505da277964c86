"""A real browser: Chromium without a window, told what to do through its own debugging pipe."""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("chromium")
WAIT_SECONDS_MAX = 60.0
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)

needed = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")


class Chromium:
    """One page of a browser."""

    def __init__(self, *, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._waiting = b""
        self._count = 0
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        self._page = self._do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def open(self, address: str) -> None:
        """Go to an address as if it were typed."""
        self._do("Page.navigate", url=address)
        self._settle()

    def fill(self, name: str, value: str) -> None:
        """Type into a field."""
        self.run(f"document.querySelector('input[name={json.dumps(name)}]').value = {json.dumps(value)}")

    def press(self, words: str) -> None:
        """Press the button, or follow the link, that says these words, and wait for what comes."""
        self.run("window.isOld = true")
        found = self.run(
            f"[...document.querySelectorAll('button, a')].filter(each => each.innerText.trim() == {json.dumps(words)})"
            ".map(each => each.click()).length"
        )
        assert found, f"nothing says {words!r}: {self.text}"
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while self.run("window.isOld === true"):
            assert time.monotonic() < deadline, f"{words!r} leads nowhere: {self.text}"
            time.sleep(0.05)
        self._settle()

    def forget(self) -> None:
        """Be a browser that has never been anywhere."""
        self._do("Network.clearBrowserCookies", page=self._page)

    @property
    def text(self) -> str:
        """What can be read."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    @property
    def address(self) -> str:
        """Where the browser is."""
        return str(self.run("location.href"))

    @property
    def cookies(self) -> dict[str, dict[str, Any]]:
        """Every cookie that the browser keeps, those too that no script can read."""
        told = self._do("Network.getAllCookies", page=self._page)["cookies"]
        return {cookie["name"]: cookie for cookie in told}

    def run(self, script: str) -> Any:
        """What a script in the page gives."""
        told = self._do("Runtime.evaluate", page=self._page, expression=script, returnByValue=True)
        return told.get("result", {}).get("value")

    def _settle(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while self.run("document.readyState") != "complete" or self.address == "about:blank":
            assert time.monotonic() < deadline, "the page does not load"
            time.sleep(0.05)

    def _do(self, method: str, *, page: str = "", **parameters: Any) -> dict[str, Any]:
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": parameters}
        if page or not method.startswith("Target."):
            message["sessionId"] = page or self._page
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                # What was asked of a page that has just gone is nothing.
                result: dict[str, Any] = answer.get("result", {})
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            assert select.select([self._answers], [], [], WAIT_SECONDS_MAX)[0], "the browser does not answer"
            piece = os.read(self._answers, 65_536)
            assert piece, "the browser has ended"
            self._waiting += piece
        told, _, self._waiting = self._waiting.partition(b"\0")
        answer: dict[str, Any] = json.loads(told)
        return answer


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own until the block ends."""
    assert PROGRAM is not None
    theirs_in, commands = os.pipe()
    answers, theirs_out = os.pipe()
    # The browser wants its pipe at descriptors 3 and 4.
    start = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    words = ["bash", "-c", start, PROGRAM, *OPTIONS, f"--user-data-dir={folder / 'profile'}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            words, pass_fds=(theirs_in, theirs_out), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment
        )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Chromium(commands=commands, answers=answers)
    finally:
        process.kill()
        process.wait()
        os.close(commands)
        os.close(answers)
