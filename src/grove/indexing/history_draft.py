"""A history while it is made: what is kept of the one before, and commits that are added to it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.git import Commit
from grove.indexing.history import Changes, Commits, History, HistoryContent, Ragged
from grove.indexing.model import Ordinals

NO_ORDINALS: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)


class NewChange(NamedTuple):
    """A path that a commit changed: blobs by their ids, the first parent's before.

    `came` and `went` are chunks, if they are known.
    """

    path: bytes
    before: bytes | None
    after: bytes | None
    chunks: tuple[Ordinals, Ordinals] | None


class _Numbers(dict[bytes, int]):
    """Gives each value a number when it is first asked for."""

    def __missing__(self, value: bytes) -> int:
        self[value] = number = len(self)
        return number


class HistoryDraft:
    """Commits by their arrays; those of the history before come first."""

    def __init__(self, before: History | None, *, keep: NDArray[np.bool_] | None = None) -> None:
        self._before = before
        numbers = np.arange(len(before)) if before else np.empty(0, dtype=np.int64)
        self._kept = numbers if keep is None else numbers[keep]
        self._paths, self._people, self._blobs = _Numbers(), _Numbers(), _Numbers()
        if before is not None:
            self._paths.update(zip(before.paths, range(len(before.paths)), strict=True))
            people = [person.encode("utf-8", "replace") for person in before.people]
            self._people.update(zip(people, range(len(people)), strict=True))
            oids = [row.tobytes() for row in before.blob_oids]
            self._blobs.update(zip(oids, range(len(oids)), strict=True))
        self._commits: list[Commit] = []
        self._changes: list[Sequence[NewChange]] = []

    def __len__(self) -> int:
        """How many commits there are."""
        return self._kept.size + len(self._commits)

    def oids(self) -> set[str]:
        """The ids of all commits."""
        kept = {self._before.oid(number) for number in self._kept.tolist()} if self._before else set()
        return kept | {commit.oid for commit in self._commits}

    def add(self, commit: Commit, changes: Sequence[NewChange]) -> None:
        """Add a commit."""
        self._commits.append(commit)
        self._changes.append(changes)

    def content(self, *, pinned: Ordinals, facts: Mapping[str, Any]) -> HistoryContent:
        """All of it, to be written."""
        commits, changes = self._new_commits(), self._new_changes()
        messages = [commit.message.encode("utf-8", "replace") for commit in self._commits]
        before = self._before
        if before is not None and self._kept.size:
            of_kept = np.isin(before.commit_of_change, self._kept)
            commits = before.commits.rows(self._kept).joined_with(commits)
            changes = before.changes.rows(np.flatnonzero(of_kept)).joined_with(changes)
            messages = before.messages.texts(self._kept.tolist()) + messages
        return HistoryContent(
            commits, changes, list(self._paths), list(self._people), list(self._blobs), messages, pinned, facts
        )

    def _new_commits(self) -> Commits:
        commits = self._commits
        width = len(bytes.fromhex(commits[0].oid)) if commits else 20
        oids = b"".join(bytes.fromhex(commit.oid) for commit in commits)
        authors = [self._people[_named(commit.author.name, commit.author.email)] for commit in commits]
        committers = [self._people[_named(commit.committer.name, commit.committer.email)] for commit in commits]
        return Commits(
            np.frombuffer(oids, dtype=np.uint8).reshape(-1, width),
            np.array([commit.committer.at.timestamp() for commit in commits], dtype=np.int64),
            np.array([commit.author.at.timestamp() for commit in commits], dtype=np.int64),
            np.array([_zone_minutes(commit) for commit in commits], dtype=np.int16),
            np.array(authors, dtype=np.uint32),
            np.array(committers, dtype=np.uint32),
            _ragged(
                [np.frombuffer(bytes.fromhex("".join(commit.parents)), dtype=np.uint8) for commit in commits], np.uint8
            ),
            np.array([len(changes) for changes in self._changes], dtype=np.int64),
        )

    def _new_changes(self) -> Changes:
        changes = [change for of_commit in self._changes for change in of_commit]
        pairs = [change.chunks or (NO_ORDINALS, NO_ORDINALS) for change in changes]
        return Changes(
            np.array([self._paths[change.path] for change in changes], dtype=np.uint32),
            np.array([self._blob(change.before) for change in changes], dtype=np.uint32),
            np.array([self._blob(change.after) for change in changes], dtype=np.uint32),
            np.array([change.chunks is not None for change in changes], dtype=np.bool_),
            _ragged([came for came, _ in pairs], np.uint32),
            _ragged([went for _, went in pairs], np.uint32),
        )

    def _blob(self, oid: bytes | None) -> int:
        return self._blobs[oid] + 1 if oid is not None else 0


def _named(name: str, address: str) -> bytes:
    return f"{name} <{address}>".replace("\0", " ").encode("utf-8", "replace")


def _zone_minutes(commit: Commit) -> int:
    offset = commit.author.at.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def _ragged(rows: Sequence[NDArray[Any]], dtype: type[np.generic]) -> Ragged:
    ends = np.cumsum([row.size for row in rows], dtype=np.int64)
    return Ragged(ends, np.concatenate([np.empty(0, dtype=dtype), *rows]).astype(dtype))
