"""Does the installed git keep the promises that Grove stands on? Asked by behaviour, since versions do not tell.

The names are those of the rows of the threat table in the documentation.
"""

import hashlib
import socket
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from grove.git.address import Pinned
from grove.git.client import Git
from grove.git.errors import Cancelled, GitFailed, ProtocolRefused, RepositoryCorrupt
from grove.git.model import MIB, FetchLimits, Finding, LocalPath, Remote
from grove.git.runner import Call, Runner
from grove.kit.errors import GroveError

_SECONDS_MAX: Final = 5.0
_HOSTILE_NAMES: Final = (b"..", b".git", b".GIT", b"git~1", ".g\u200cit".encode())
_FETCH_LIMITS: Final = FetchLimits(bytes_max=MIB, seconds_max=_SECONDS_MAX, refs_max=10)
_HOST: Final = "grove-probe.invalid"


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where a probe is done: `mark` is what hostile commands would make."""

    git: Git
    runner: Runner
    folder: Path

    @property
    def mark(self) -> Path:
        return self.folder / "mark"

    @property
    def repository(self) -> Path:
        return self.folder / "probe.git"

    def ask(self, address: str, *, cancelled: Callable[[], bool] | None = None, pin: Pinned | None = None) -> None:
        """Ask an address for its refs, as if it were a host's."""
        limits = self.runner.limits(seconds_max=_SECONDS_MAX)
        settings = (("http.curloptResolve", pin.entry),) if pin and pin.entry else ()
        call = Call(command="ls-remote", arguments=(address,), limits=limits, settings=settings, protocols=("https",))
        self.runner.run(call, cancelled=cancelled or (lambda: False))


def probe_installed_git(git: Git) -> list[Finding]:
    """Try what hostile hosts, addresses and repositories try; each finding says whether git withstood."""
    return [
        _finding(name, probe, git)
        for name, probe in (
            *((f"U1 {address.partition(':')[0]}", _refusing(address)) for address in _foreign_addresses()),
            ("U2 repository configuration", _probe_own_configuration),
            ("U5 credentials in addresses", _probe_credentials_in_url),
            ("U6 line feed in a host", _probe_line_feed),
            ("U12 pinned addresses", _probe_pin),
            *((f"C1 {name!r}", _probe_name(name)) for name in _HOSTILE_NAMES),
            ("hooks", _probe_hooks),
        )
    ]


def _finding(name: str, probe: Callable[[_Bench], str], git: Git) -> Finding:
    with tempfile.TemporaryDirectory(prefix="probe-", dir=git.config.job_root) as folder:
        config = replace(git.config, allowed_local_roots=(Path(folder),))
        bench = _Bench(Git(config), Runner(config), Path(folder))
        try:
            detail = probe(bench)
        except GroveError as error:
            detail = str(error)
        if bench.mark.exists():
            detail = "a program of the attacker's was run"
        return Finding(name=name, passed=not detail, detail=detail)


def _foreign_addresses() -> Iterator[str]:
    yield from ("ext::touch mark", "fd::17", "foo::bar")
    yield from (f"{scheme}://{_HOST}/x" for scheme in ("git", "http", "ftp", "file", "ssh"))


def _refusing(address: str) -> Callable[[_Bench], str]:
    def probe(bench: _Bench) -> str:
        return _refused(lambda: bench.ask(address.replace("mark", str(bench.mark))), ProtocolRefused)

    return probe


def _refused(act: Callable[[], object], *expected: type[GroveError]) -> str:
    """Nothing when the act is refused for one of the expected reasons; otherwise what happened."""
    try:
        act()
    except expected:
        return ""
    return "it was not refused"


def _probe_own_configuration(bench: _Bench) -> str:
    bench.git.init(bench.repository)
    with (bench.repository / "config").open("a") as config:
        config.write(
            '[protocol "ext"]\n\tallow = always\n'
            f'[url "ext::touch {bench.mark} "]\n\tinsteadOf = https://\n'
            f"[core]\n\tsshCommand = touch {bench.mark}\n\taskPass = touch {bench.mark}\n"
        )
    call = Call(command="fetch", arguments=(f"https://{_HOST}/x",), git_dir=bench.repository, protocols=("https",))
    return _refused(lambda: _run(bench, call), ProtocolRefused)


def _run(bench: _Bench, call: Call) -> None:
    bench.runner.run(call)


def _probe_credentials_in_url(bench: _Bench) -> str:
    bench.git.init(bench.repository)
    address = "https://user:secret@127.0.0.1:1/x"
    try:
        _run(bench, Call(command="fetch", arguments=(address,), git_dir=bench.repository, protocols=("https",)))
    except GitFailed as error:
        return "" if "plaintext credentials" in str(error) else str(error)
    return "it was not refused"


def _probe_line_feed(bench: _Bench) -> str:
    with _listening() as (port, has_arrived):
        try:
            bench.ask(f"https://127.0.0.1%0ahost=evil:{port}/x", cancelled=has_arrived)
        except Cancelled:
            return "it was taken for an address"
        except GroveError:
            return ""
    return "it was not refused"


def _probe_pin(bench: _Bench) -> str:
    """A name that nobody resolves must be looked for where we say."""
    with _listening() as (port, has_arrived):
        pin = Pinned(host=_HOST, port=port, addresses=(ip_address("127.0.0.1"),))
        return _refused(lambda: bench.ask(f"https://{_HOST}:{port}/x", cancelled=has_arrived, pin=pin), Cancelled)


@contextmanager
def _listening() -> Iterator[tuple[int, Callable[[], bool]]]:
    """A port of this machine, and whether somebody has come to it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        def has_arrived() -> bool:
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                return False
            return True

        yield listener.getsockname()[1], has_arrived


def _probe_name(name: bytes) -> Callable[[_Bench], str]:
    """A tree that holds this name must not be let in."""

    def probe(bench: _Bench) -> str:
        upstream = bench.folder / "upstream.git"
        bench.git.init(upstream)
        blob = _write_object(upstream, b"blob", b"x")
        inner = _write_object(upstream, b"tree", b"100644 x\0" + bytes.fromhex(blob))
        tree = _write_object(upstream, b"tree", b"40000 %s\0%s" % (name, bytes.fromhex(inner)))
        people = b"author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
        commit = _write_object(upstream, b"commit", b"tree %s\n%s\nx\n" % (tree.encode(), people))
        bench.git.update_refs(upstream, updates={"refs/heads/main": commit})
        bench.git.init(bench.repository)
        return _refused(
            lambda: bench.git.fetch(
                bench.repository,
                Remote(url=LocalPath(upstream)),
                refspecs=["+refs/heads/*:refs/heads/*"],
                limits=_FETCH_LIMITS,
            ),
            RepositoryCorrupt,
        )

    return probe


def _probe_hooks(bench: _Bench) -> str:
    bench.git.init(bench.repository)
    for folder in ("hooks", "own"):
        hook = bench.repository / folder / "reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {bench.mark}\n")
        hook.chmod(0o700)
    with (bench.repository / "config").open("a") as config:
        config.write(
            f"[core]\n\thooksPath = {bench.repository}/own\n\tfsmonitor = touch {bench.mark}\n"
            f'[hook "x"]\n\tevent = reference-transaction\n\tcommand = touch {bench.mark}\n'
        )
    blob = _write_object(bench.repository, b"blob", b"x")
    bench.git.update_refs(bench.repository, updates={"refs/tags/x": blob})
    return ""


def _write_object(git_dir: Path, kind: bytes, content: bytes) -> str:
    """Write an object beside git, which would refuse a hostile one."""
    whole = b"%s %d\0%s" % (kind, len(content), content)
    oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    path = git_dir / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(whole))
    return oid
