"""Finding commits and reading them, with a parser of our own: git's formats were not made for hostile text."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from grove.git import tracing
from grove.git.changes import changes_of
from grove.git.errors import RefRefused, RepositoryCorrupt, RevisionUnknown
from grove.git.model import MIB, BlamedLines, Commit, CommitChanges, FileDiff, Person
from grove.git.objects import ObjectReader
from grove.git.refs import check_oid, check_ref, list_refs
from grove.git.runner import Call, Runner
from grove.sandbox import Limits

COMMIT_BYTES_MAX: Final = 64 * 1024
COMMITS_BYTES_MAX: Final = 1024 * MIB
REVISION_CHARACTERS_MAX: Final = 1024
_BEGINNING: Final = re.compile(r"[0-9a-fA-F]{7,64}")
_PULL: Final = re.compile(r"pr/([1-9][0-9]{0,9})")
_PERSON: Final = re.compile(r"(?P<name>[^<]*)<(?P<email>[^>]*)>\s*(?P<seconds>-?\d{1,20})?\s*(?P<zone>[+-]\d{4})?")
_CHARSETS: Final = re.compile(
    r"latin-?1|iso-?8859-(1|2|5|7|9|15)|(windows-|cp)125[0-8]|euc-(jp|kr)|shift_jis|gb(k|2312|18030)|big5|koi8-[ru]"
)
_SECONDS_MAX: Final = 253_402_214_400  # the last day but one of the year 9999, so that every zone can show it
_ZONE_MINUTES_MAX: Final = 14 * 60


def resolve(runner: Runner, git_dir: Path, revision: str) -> str:
    """The id of the commit that a user means: `HEAD`, a full name, a branch, a tag, or at least 7 digits of an id."""
    names = _candidates(revision)
    found = list_refs(runner, git_dir, *names) if names else {}
    for name in names:
        if name in found:
            return _peel(runner, git_dir, found[name], revision)
    if revision == "HEAD" or _BEGINNING.fullmatch(revision):
        return _peel(runner, git_dir, revision.lower() if revision != "HEAD" else revision, revision)
    raise RevisionUnknown(revision=revision)


def _candidates(revision: str) -> list[str]:
    if not revision or len(revision) > REVISION_CHARACTERS_MAX or "\0" in revision or "\n" in revision:
        raise RefRefused
    if revision == "HEAD":
        return []
    full = [revision] if revision.startswith(("refs/heads/", "refs/tags/")) else []
    pull = _PULL.fullmatch(revision)
    last = [f"refs/pull/{pull[1]}/head"] if pull else []
    return [check_ref(name) for name in (*full, f"refs/heads/{revision}", f"refs/tags/{revision}", *last)]


def _peel(runner: Runner, git_dir: Path, name: str, revision: str) -> str:
    with ObjectReader(runner, git_dir) as reader:
        found = reader.find(f"{name}^{{commit}}")
        if found is None:
            # Only without the suffix will git tell digits that are too few from digits that are wrong.
            reader.find(name)
            raise RevisionUnknown(revision=revision)
    return found.oid


class HistoryReader:
    """Reads the commits of one repository, each answer through processes of its own; for any number of threads."""

    def __init__(self, runner: Runner, git_dir: Path) -> None:
        self._runner = runner
        self._git_dir = git_dir

    def commits(self, start: str, *, skip: int = 0, limit: int) -> list[Commit]:
        """The commits that lead to `start`, newest first."""
        oids = self._listed(f"--max-count={int(limit)}", f"--skip={int(skip)}", start=start)
        with ObjectReader(self._runner, self._git_dir) as reader:
            return [read_commit(reader, oid) for oid in oids]

    def commit_before(self, start: str, *, moment: datetime) -> str | None:
        """What a branch that is at `start` now was at in a moment: along first parents, by the committers' dates."""
        found = self._listed("--first-parent", "--max-count=1", f"--before={int(moment.timestamp())}", start=start)
        return found[0] if found else None

    def list_new(self, tips: Sequence[str], *, known: Sequence[str] = (), since: datetime | None = None) -> list[str]:
        """The ids of all commits that lead to `tips` and not to `known`, newest first."""
        words = [check_oid(oid) for oid in tips] + [f"^{check_oid(oid)}" for oid in known]
        options = ["--stdin", "--date-order"] + ([f"--since={int(since.timestamp())}"] if since else [])
        stdin = "".join(f"{word}\n" for word in words).encode()
        call = Call(
            command="rev-list",
            options=options,
            git_dir=self._git_dir,
            stdin=stdin,
            limits=Limits(
                seconds_max=self._runner.config.command_seconds_max,
                memory_bytes_max=self._runner.config.memory_bytes_max,
                stdout_bytes_max=COMMITS_BYTES_MAX,
            ),
        )
        return self._runner.run(call).stdout.decode().split() if tips else []

    def read(self, oids: Sequence[str]) -> Iterator[Commit]:
        """Yield each commit, its message cut when it is very long."""
        with ObjectReader(self._runner, self._git_dir) as reader:
            for oid, content in reader.read_all(oids):
                yield parse_commit(oid, content[:COMMIT_BYTES_MAX])

    def changes(self, oids: Sequence[str]) -> Iterator[CommitChanges]:
        """Yield what each commit changed, in the order given."""
        return changes_of(self._runner, self._git_dir, oids)

    def commits_of_path(self, start: str, path: bytes, *, limit: int) -> list[str]:
        """The ids of the commits, `start` among them, that lead there and changed a path, newest first."""
        return tracing.commits_of_path(self._runner, self._git_dir, start, path, limit=limit)

    def differing_files(self, before: str | None, after: str, *, path: bytes = b"") -> list[FileDiff]:
        """The files in which two commits differ, below a path; renames are told. Without `before`, all of `after`."""
        return tracing.differing_files(self._runner, self._git_dir, before, after, path=path)

    def patches(self, before: str | None, after: str, *, files: Sequence[FileDiff], context: int) -> list[bytes]:
        """The patch of each file, in the order given.

        :raises RepositoryTooLarge: if they are too long.
        """
        return tracing.patches(self._runner, self._git_dir, before, after, files=files, context=context)

    def blame(self, commit: str, path: bytes, *, first: int = 1, last: int | None = None) -> list[BlamedLines]:
        """Which commit each line of a file is from, as runs of lines: followed through renames.

        :raises PathMissing: if there is no such file, or it has no such lines.
        """
        return tracing.blame(self._runner, self._git_dir, commit, path, first=first, last=last)

    def _listed(self, *options: str, start: str) -> list[str]:
        call = Call(command="rev-list", options=options, arguments=(check_oid(start),), git_dir=self._git_dir)
        return self._runner.run(call).stdout.decode().split()


def read_commit(reader: ObjectReader, oid: str) -> Commit:
    """One commit, its message cut when it is very long."""
    return parse_commit(oid, reader.read_start(oid, COMMIT_BYTES_MAX))


def parse_commit(oid: str, content: bytes) -> Commit:
    """The commit that an object's content says.

    :raises RepositoryCorrupt: if it names no tree.
    """
    head, _, body = content.partition(b"\n\n")
    values: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        values.setdefault(name, []).append(value)
    encoding = values.get(b"encoding", [b"utf-8"])[0]
    trees = values.get(b"tree")
    if not trees:
        raise RepositoryCorrupt(oid=oid, problem="missingTree")
    return Commit(
        oid=oid,
        tree=trees[0].decode("ascii", "replace"),
        parents=tuple(parent.decode("ascii", "replace") for parent in values.get(b"parent", ())),
        author=_person(values.get(b"author", ()), encoding),
        committer=_person(values.get(b"committer", ()), encoding),
        message=_text(body, encoding),
    )


def _text(content: bytes, encoding: bytes) -> str:
    """The text in its encoding; an encoding that is not one of the usual charsets is not heeded."""
    name = encoding.strip().lower().decode("ascii", "replace")
    return content.decode(name if _CHARSETS.fullmatch(name) else "utf-8", "replace")


def _person(values: Sequence[bytes], encoding: bytes) -> Person:
    text = _text(values[0] if values else b"", encoding)
    found = _PERSON.match(text)
    if found is None:
        return Person(name=text.strip(), email="", at=datetime.fromtimestamp(0, UTC))
    return Person(name=found["name"].strip(), email=found["email"].strip(), at=_moment(found["seconds"], found["zone"]))


def _moment(seconds: str | None, zone: str | None) -> datetime:
    clamped = min(max(int(seconds or 0), 0), _SECONDS_MAX)
    sign = -1 if (zone or "+")[0] == "-" else 1
    hours, minutes = int((zone or "+0000")[1:3]), int((zone or "+0000")[3:5])
    offset = min(60 * hours + minutes, _ZONE_MINUTES_MAX)
    return datetime.fromtimestamp(clamped, timezone(sign * timedelta(minutes=offset)))
