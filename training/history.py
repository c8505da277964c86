"""Reads public git repositories for training: files of the newest commit, and what commits say they change."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grove.languages import Mark, language_of, marks_of

CODE_LANGUAGES = frozenset(
    [
        "bash",
        "c",
        "cpp",
        "csharp",
        "elixir",
        "go",
        "haskell",
        "java",
        "javascript",
        "kotlin",
        "lua",
        "php",
        "python",
        "ruby",
        "rust",
        "scala",
        "swift",
        "tsx",
        "typescript",
        "zig",
    ]
)
FILE_BYTES_MAX = 150_000
_UNWANTED = Mark.VENDORED | Mark.GENERATED


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A source file of a training repository."""

    path: str
    language: str
    text: str
    is_test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one commit did to one file, and what its message says."""

    message: str
    path: str
    lines: str


def git_dir_of(repository: Path) -> Path:
    """Where git keeps the data of a repository that may be bare."""
    return next(
        place
        for place in (repository / ".git", repository / "repo", repository)
        if (place / "HEAD").exists() or place == repository
    )


def newest_commit(git_dir: Path) -> str:
    return _git(git_dir, "rev-parse", "HEAD").decode().strip()


def source_files(git_dir: Path, *, bytes_max: int) -> Iterator[SourceFile]:
    """The source files of the newest commit in the order of a hash of their paths, up to `bytes_max` in all."""
    listed = []
    for line in _git(git_dir, "ls-tree", "-r", "-l", "-z", "HEAD").split(b"\0"):
        meta, _, name = line.partition(b"\t")
        fields = meta.split()
        if len(fields) != 4 or fields[1] != b"blob" or not fields[3].isdigit() or int(fields[3]) > FILE_BYTES_MAX:
            continue
        path = name.decode("utf-8", "replace")
        if language_of(path) in CODE_LANGUAGES and not marks_of(path) & _UNWANTED:
            listed.append((fields[2].decode(), path, int(fields[3])))
    listed.sort()  # by object id: as good as shuffled, and the same every time
    total = 0
    for (_, path, size), text in zip(listed, _blobs(git_dir, [oid for oid, _, _ in listed]), strict=False):
        total += size
        if total > bytes_max:
            return
        marks = marks_of(path, text)
        if not marks & _UNWANTED:
            decoded = text.decode("utf-8", "replace")
            yield SourceFile(path=path, language=language_of(path), text=decoded, is_test=bool(marks & Mark.TEST))


def changes(git_dir: Path, *, commits_max: int, files_max: int = 6) -> Iterator[Change]:
    """What the newest commits changed, file by file; commits of more than `files_max` source files are left out."""
    shown = ["--no-merges", "--no-color", "--no-ext-diff", "--no-renames", "-U1", "-p", "--format=%x01%s%n%b%x02"]
    log = subprocess.Popen(
        ["git", "--git-dir", str(git_dir), "log", f"--max-count={commits_max}", *shown],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert log.stdout is not None
    buffered: list[str] = []
    for raw in log.stdout:
        line = raw[:400].decode("utf-8", "replace").rstrip("\n")
        if line.startswith("\x01") and buffered:
            yield from _changes_of(buffered, files_max=files_max)
            buffered = []
        if len(buffered) < 5_000:
            buffered.append(line)
    yield from _changes_of(buffered, files_max=files_max)
    log.wait()


def _changes_of(lines: list[str], *, files_max: int) -> Iterator[Change]:
    end = next((at for at, line in enumerate(lines) if line.endswith("\x02")), None)
    if end is None:
        return
    message = "\n".join(lines[: end + 1]).strip("\x01\x02")
    files: dict[str, list[str]] = {}
    path = ""
    for line in lines[end + 1 :]:
        if line.startswith("+++ "):
            path = line[6:] if line.startswith("+++ b/") else ""
        elif path and line[:1] in {"+", "-", " ", "@"}:
            files.setdefault(path, []).append(line.rpartition("@@")[2] if line.startswith("@@") else line[1:])
    wanted = {
        path: body
        for path, body in files.items()
        if language_of(path) in CODE_LANGUAGES and not marks_of(path) & (_UNWANTED | Mark.TEST)
    }
    if 0 < len(wanted) <= files_max:
        for path, body in wanted.items():
            yield Change(message=message, path=path, lines="\n".join(body[:80]))


def _blobs(git_dir: Path, oids: list[str]) -> Iterator[bytes]:
    with subprocess.Popen(
        ["git", "--git-dir", str(git_dir), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for oid in oids:
            reader.stdin.write(oid.encode() + b"\n")
            reader.stdin.flush()
            header = reader.stdout.readline().split()
            if len(header) != 3:
                yield b""
                continue
            yield reader.stdout.read(int(header[2]) + 1)[:-1]
        reader.stdin.close()


def _git(git_dir: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "--git-dir", str(git_dir), *arguments], check=True, capture_output=True).stdout
