"""From a push to its being searchable, in a repository of 50,000 files made of real ones."""

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed.corpus import Revision, git
from benchmarks.speed.peers import program
from benchmarks.speed.store import StoreBuilder
from grove.search import Corpus, Mode, Question, search

FILES = 50_000
FILE_BYTES_MAX = 8_000
PUSHES = (1, 10, 1_000)


@dataclass
class Push:
    """How long a push of so many files took to be searchable, in wall and in processor seconds."""

    files: int
    seconds: float
    cpu_seconds: float
    found: int


@dataclass
class Pushes:
    """All pushes, what the first snapshot took, and how long zoekt took for the same."""

    files: int
    source_bytes: int
    first_seconds: float
    grove: list[Push]
    zoekt_seconds: list[float]


def measure_pushes(revisions: Sequence[Revision], work: Path) -> Pushes:
    """Make the repository, index it, and push changes of more and more files."""
    git_dir = work / "large.git"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(git_dir)], check=True)
    paths = _import(git_dir, revisions)
    builder = StoreBuilder(work / "store")
    began = time.perf_counter()
    builder.add(_newest(git_dir))
    first = time.perf_counter() - began
    zoekt = _Zoekt(git_dir, work / "zoekt")
    zoekt.seconds()
    found: list[Push] = []
    of_zoekt: list[float] = []
    for number, count in enumerate(PUSHES):
        _push(git_dir, paths[:: len(paths) // count][:count], number)
        cpu = time.process_time()
        began = time.perf_counter()
        builder.add(_newest(git_dir))
        view = builder.view()
        target = builder.targets()[-1]
        answer = search(
            Question(text=f"pushed_number_{number}", mode=Mode.TEXT),
            Corpus(view=view, targets=(target,), meaning=None),
        )
        seconds = time.perf_counter() - began
        found.append(Push(count, seconds, time.process_time() - cpu, answer.truth.files_found))
        if zoekt.is_there:
            of_zoekt.append(zoekt.seconds())
    builder.finish()
    state = builder.state
    return Pushes(len(paths), state.source_bytes // len(state.targets), first, found, of_zoekt)


def _import(git_dir: Path, revisions: Sequence[Revision]) -> list[str]:
    """The first small files of some revisions, as one commit."""
    paths: list[str] = []
    stream = subprocess.Popen(["git", "--git-dir", str(git_dir), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert stream.stdin is not None
    stream.stdin.write(b"commit refs/heads/main\n" + _COMMITTER + b"data 5\nfirst\n")
    for number, revision in enumerate(revisions):
        if len(paths) == FILES:
            break
        small = [entry for entry in revision.entries if entry.size_bytes <= FILE_BYTES_MAX]
        for entry, content in revision.contents(small[: FILES - len(paths)]):
            path = f"{number:03}/{entry.path.decode(errors='replace')}"
            if '"' not in path and "\n" not in path:
                paths.append(path)
                stream.stdin.write(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    stream.stdin.close()
    stream.wait()
    return paths


def _push(git_dir: Path, paths: Sequence[str], number: int) -> None:
    """A commit in which each of some files has another function at its end."""
    addition = f"\ndef pushed_number_{number}():\n    return {number}\n".encode()
    body = b"commit refs/heads/main\n" + _COMMITTER + b"data 4\npush\nfrom refs/heads/main^0\n"
    for path in paths:
        content = git(git_dir, "cat-file", "blob", f"main:{path}") + addition
        body += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
    subprocess.run(["git", "--git-dir", str(git_dir), "fast-import", "--quiet"], input=body, check=True)


def _newest(git_dir: Path) -> Revision:
    commit = git(git_dir, "rev-parse", "main").decode().strip()
    return Revision(name="large", git_dir=git_dir, commit=commit, is_head=True)


class _Zoekt:
    """zoekt's own incremental index of a repository."""

    def __init__(self, git_dir: Path, index: Path) -> None:
        self._program = program("zoekt-git-index")
        self._arguments = ["-index", str(index), "-branches", "main", "-delta", str(git_dir)]

    @property
    def is_there(self) -> bool:
        return self._program is not None

    def seconds(self) -> float:
        """How long it takes to bring its index up to date."""
        began = time.perf_counter()
        if self._program is not None:
            subprocess.run([self._program, *self._arguments], check=True, capture_output=True)
        return time.perf_counter() - began


_COMMITTER = b"committer Ada <ada@example.org> 1700000000 +0000\n"
