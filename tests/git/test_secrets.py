"""A secret is nowhere but where git asks for it (row K1 of the threat table)."""

import logging
import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from grove.git import (
    CredentialRequired,
    Git,
    GitTimeout,
    ListingLimits,
    Remote,
    Secret,
    SecretRefused,
    parse_remote_url,
)
from grove.kit.errors import GroveError
from tests.git.conftest import HEADS, LIMITS, served
from tests.support.git_server import GitServer

CANARY = f"ghp_CANARYcanaryCANARYcanary{os.getpid():010}"
"""Of this process alone: tests that run beside show theirs on purpose."""
USERNAME = "canary-user"


@dataclass(slots=True)
class Watcher:
    """Looks at the arguments and the environment of every process, every few milliseconds."""

    looks: int = 0
    seen: list[str] = field(default_factory=list)
    helpers: int = 0

    def look(self) -> None:
        self.looks += 1
        for process in Path("/proc").iterdir():
            if process.name.isdigit():
                self._look_at(process)

    def _look_at(self, process: Path) -> None:
        for name in ("cmdline", "environ"):
            try:
                content = (process / name).read_bytes()
            except OSError:
                continue
            if CANARY.encode() in content or USERNAME.encode() in content:
                self.seen.append(f"{process.name} {name}: {content[:200]!r}")
            self.helpers += name == "cmdline" and b"/dev/fd/" in content


@contextmanager
def watching() -> Iterator[Watcher]:
    watcher, ended = Watcher(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            watcher.look()
            ended.wait(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watcher
    finally:
        ended.set()
        thread.join()


def files_that_hold(root: Path, secret: str) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


@pytest.fixture
def remote(server: GitServer) -> Remote:
    return replace(served(server), secret=Secret(username=USERNAME, password=CANARY))


class TestSecret:
    @pytest.mark.parametrize(
        "behaviour",
        ["accepts", "rejects", "401", "403", "404", "500", "429", "redirects", "cuts", "times out", "refuses"],
        ids="K1-{}".format,
    )
    def test_is_nowhere(  # noqa: PLR0917
        self,
        online: Git,
        server: GitServer,
        remote: Remote,
        mirror: Path,
        behaviour: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        remote = misbehave(server, remote, behaviour)
        said: list[str] = []
        seconds_max = 1 if behaviour == "times out" else 20
        with watching() as watcher:
            for act in (
                lambda: online.listing(remote, limits=ListingLimits(seconds_max=seconds_max)),
                lambda: online.fetch(mirror, remote, refspecs=HEADS, limits=replace(LIMITS, seconds_max=seconds_max)),
            ):
                try:
                    act()
                except GroveError as error:
                    said += [str(error), repr(error), repr(error.facts), error_chain(error)]
        root = online.config.home.parent
        assert watcher.seen == []
        assert watcher.looks > 1
        assert files_that_hold(root, CANARY) == files_that_hold(root, USERNAME) == []
        assert not any(CANARY in text or USERNAME in text for text in (*said, caplog.text, repr(remote)))
        assert list(online.config.job_root.iterdir()) == []

    def test_is_seen_by_the_watcher_when_it_leaks(self, online: Git, server: GitServer) -> None:
        """The test above would notice: here the secret stands where it must never stand."""
        server.behaviour.delay_seconds = 0.5
        with watching() as watcher, pytest.raises(GroveError):
            online.listing(served(server, CANARY))
        assert watcher.seen

    def test_reaches_the_host_that_asks(self, online: Git, server: GitServer, remote: Remote) -> None:
        server.behaviour.token = CANARY
        online.listing(remote)
        assert set(server.passwords()) == {CANARY}

    def test_lies_in_a_private_file_where_there_is_no_anonymous_memory(
        self, online: Git, server: GitServer, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delattr(os, "memfd_create")
        server.behaviour.token = CANARY
        with watching() as watcher:
            online.listing(remote)
        assert set(server.passwords()) == {CANARY}
        assert watcher.seen == []
        assert files_that_hold(online.config.home.parent, CANARY) == []

    def test_may_hold_any_printable_character(self, online: Git, server: GitServer) -> None:
        odd = "a b'\"\\$(id)`;=&%=ü☃ {}[]"
        server.behaviour.token = odd
        online.listing(served(server, token=odd))
        assert set(server.passwords()) == {odd}

    def test_goes_to_the_host_that_it_is_for_only(self, online: Git, server: GitServer) -> None:
        """Git asks us by the address that it speaks to; the helper is set for one address."""
        server.behaviour.token = CANARY
        helper = online.listing(served(server, token=CANARY))
        assert helper.refs
        other = Remote(url=parse_remote_url(f"https://127.0.0.1:{server.port}/team/app.git"))
        server.requests.clear()
        with pytest.raises(CredentialRequired):
            online.listing(other)
        assert server.passwords() == []

    @pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\x1bb", "a\u2028b"])
    def test_with_a_control_character_is_refused(self, text: str) -> None:
        for username, password in ((text, "x"), ("x", text)):
            with pytest.raises(SecretRefused) as refused:
                Secret(username=username, password=password)
            assert text not in str(refused.value)

    def test_is_not_shown(self) -> None:
        secret = Secret(username=USERNAME, password=CANARY)
        assert not re.search(rf"{CANARY}|{USERNAME}", f"{secret} {secret!r} {[secret]}")


class TestTimeOut:
    def test_leaves_no_process(self, online: Git, server: GitServer, remote: Remote) -> None:
        server.behaviour.delay_seconds = 5
        with pytest.raises(GitTimeout):
            online.listing(remote, limits=ListingLimits(seconds_max=0.3))
        time.sleep(0.1)
        assert not any(str(server.port).encode() in line for line in command_lines())


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def misbehave(server: GitServer, remote: Remote, behaviour: str) -> Remote:
    """Make the server behave so, and give the remote to use."""
    server.behaviour.token = CANARY
    server.behaviour.delay_seconds = 0.05
    if behaviour.isdigit():
        server.behaviour.status = int(behaviour)
    elif behaviour == "rejects":
        server.behaviour.token = "another"
    elif behaviour == "redirects":
        server.behaviour.redirect_to = "https://127.0.0.1:1"
    elif behaviour == "cuts":
        server.behaviour.cut_after_bytes = 100
    elif behaviour == "times out":
        server.behaviour.slow = True
        server.behaviour.token = None
    elif behaviour == "refuses":
        return replace(remote, url=parse_remote_url("https://localhost:1/x"))
    return remote


def error_chain(error: BaseException) -> str:
    """All that a traceback would say."""
    texts = []
    waiting: BaseException | None = error
    while waiting is not None:
        texts.append(f"{waiting!r} {waiting}")
        waiting = waiting.__cause__ or waiting.__context__
    return "\n".join(texts)
