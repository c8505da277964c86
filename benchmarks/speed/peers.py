"""The tools beside Grove, each over the same files: what it took to index them, and how long it takes to answer.

`make peers` installs those that can be had. All of them work on folders of files, one per repository.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.request import Request, urlopen

from benchmarks.speed.asking import Latencies, forget, measure, memory
from benchmarks.speed.corpus import Revision
from benchmarks.speed.questions import ANY_COMMIT, NO_LITERALS, RANKED, SYMBOL, Asked

BIN = Path(__file__).parents[2] / ".venv" / "peers"
_PROCESSES = {"rg": "ripgrep", "git": "git grep", "csearch": "codesearch"}
_UNANSWERED = {SYMBOL, RANKED, ANY_COMMIT}
SHOWN = 50
_SECONDS_MAX = 120
_NANOSECONDS_MAX = 10_000_000_000
"""As long as Grove may take by default."""


@dataclass
class Indexed:
    """What a tool's index of the files is and cost."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    stored_bytes: int = 0
    source_bytes: int = 0


@dataclass
class Peer:
    """What was measured of a tool, by number of repositories; `absent` says why nothing was."""

    name: str
    absent: str = ""
    indexed: Indexed = field(default_factory=Indexed)
    latencies: dict[int, Latencies] = field(default_factory=dict)


def program(name: str) -> str | None:
    """Where a tool is."""
    return shutil.which(name, path=f"{BIN}:{os.environ['PATH']}")


def check_out(revisions: Sequence[Revision], folder: Path) -> None:
    """Write every revision's files, each into a folder of its own."""
    for number, revision in enumerate(revisions):
        root = folder / f"{number:04}"
        for entry, content in revision.contents(revision.entries):
            path = root / entry.path.decode(errors="surrogateescape")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def peers_of(folder: Path, work: Path, *, scales: Sequence[int], seconds: float, asked: Sequence[Asked]) -> list[Peer]:
    """All tools, over the first so many folders."""
    answerable = [one for one in asked if one.kind not in _UNANSWERED]
    found = [_zoekt(folder, work / "zoekt", scales=scales, seconds=seconds, asked=answerable)]
    found.extend(
        _processes(name, folder, work, scales=scales, seconds=seconds, asked=answerable)
        for name in ("csearch", "rg", "git")
    )
    reason = "it has no index of many repositories, and its model could not be loaded offline"
    found.append(Peer("semble", absent="not installed" if find_spec("semble") is None else reason))
    return found


def _zoekt(folder: Path, index: Path, *, scales: Sequence[int], seconds: float, asked: Sequence[Asked]) -> Peer:
    peer = Peer("zoekt")
    if program("zoekt-index") is None or program("zoekt-webserver") is None:
        peer.absent = "not installed"
        return peer
    indexed = 0
    shards = index / "all"
    shards.mkdir(parents=True)
    for scale in sorted(scales):
        for root in _folders(folder)[indexed:scale]:
            _add(peer.indexed, _run([str(program("zoekt-index")), "-index", str(shards), str(root)]))
        indexed = scale
        with _serving_zoekt(shards) as (answer, process):
            found = peer.latencies[scale] = Latencies(rest_bytes=memory(str(process)))
            measure(answer, found, clients=(1, 8, 32), seconds=seconds, asked=asked)
            found.after_bytes = memory(str(process))
        found.seconds["cold"] = [_cold_zoekt(shards, one) for one in asked[:2]]
    peer.indexed.stored_bytes = sum(path.stat().st_size for path in shards.rglob("*") if path.is_file())
    return peer


@contextmanager
def _serving_zoekt(shards: Path) -> Iterator[tuple[Callable[[Asked], object], int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(program("zoekt-webserver")), "-index", str(shards), "-listen", f"127.0.0.1:{port}", "-rpc"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answer(one: Asked) -> object:
        body = {"Q": _in_zoekt(one), "Opts": {"MaxDocDisplayCount": SHOWN, "MaxWallTime": _NANOSECONDS_MAX}}
        request = Request(f"http://127.0.0.1:{port}/api/search", data=json.dumps(body).encode())
        with urlopen(request, timeout=_SECONDS_MAX) as reply:
            return json.load(reply)

    try:
        ready_by = time.monotonic() + _SECONDS_MAX
        while time.monotonic() < ready_by:
            try:
                answer(Asked("exact", "readiness"))
                break
            except OSError:
                time.sleep(0.05)
        yield answer, server.pid
    finally:
        server.kill()
        server.wait()


def _cold_zoekt(shards: Path, one: Asked) -> float:
    forget(shards)
    began = time.perf_counter()
    with _serving_zoekt(shards) as (answer, _):
        answer(one)
        return time.perf_counter() - began


def _in_zoekt(one: Asked) -> str:
    return f"{one.pattern if one.is_regex else re.escape(one.pattern)} case:{'no' if one.folds_case else 'yes'}"


def _processes(
    name: str, folder: Path, work: Path, *, scales: Sequence[int], seconds: float, asked: Sequence[Asked]
) -> Peer:
    """A tool that is started for each question, over the files or over an index of them."""
    peer = Peer(_PROCESSES[name])
    if program(name) is None or (name == "csearch" and program("cindex") is None):
        peer.absent = "not installed"
        return peer
    indexed = 0
    environment = {**os.environ, "CSEARCHINDEX": str(work / "csearch.index")}
    for scale in sorted(scales):
        roots = [str(root) for root in _folders(folder)[:scale]]
        if name == "csearch":
            _add(peer.indexed, _run([str(program("cindex")), *roots[indexed:]], environment))
            peer.indexed.stored_bytes = (work / "csearch.index").stat().st_size
            indexed = scale

        def answer(one: Asked, roots: Sequence[str] = roots) -> object:
            return _run(_command(name, one, roots), environment, cwd=folder)

        found = peer.latencies[scale] = Latencies()
        few = [one for kind in dict.fromkeys(one.kind for one in asked) for one in _of_kind(asked, kind)[:3]]
        few = [one for one in few if name != "csearch" or one.kind != NO_LITERALS]
        measure(answer, found, clients=(1,), seconds=min(seconds, 1.0), asked=few)
    return peer


def _command(name: str, one: Asked, roots: Sequence[str]) -> list[str]:
    if name == "csearch":
        pattern = one.pattern if one.is_regex else re.escape(one.pattern)
        return [str(program(name)), "-l", *(["-i"] if one.folds_case else []), pattern]
    flags = [*(["-i"] if one.folds_case else []), *([] if one.is_regex else ["-F"])]
    if name == "rg":
        return ["rg", "-l", "--no-ignore", "--hidden", *flags, "-e", one.pattern, *roots]
    flags += ["-P"] if one.is_regex else []
    return [
        "git",
        "grep",
        "--no-index",
        "-l",
        "-I",
        *flags,
        "-e",
        one.pattern,
        "--",
        *(Path(root).name for root in roots),
    ]


def _of_kind(asked: Sequence[Asked], kind: str) -> list[Asked]:
    return [one for one in asked if one.kind == kind]


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _run(command: Sequence[str], environment: dict[str, str] | None = None, cwd: Path | None = None) -> Indexed:
    """Run a program to its end; not to have found anything is no failure."""
    before, began = os.times(), time.perf_counter()
    subprocess.run(command, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Indexed(seconds=time.perf_counter() - began, cpu_seconds=cpu)


def _add(total: Indexed, more: Indexed) -> None:
    total.seconds += more.seconds
    total.cpu_seconds += more.cpu_seconds
