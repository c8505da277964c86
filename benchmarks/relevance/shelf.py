"""All repositories of a data set in one Grove store, through the faces of git, indexing and search."""

import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.relevance.dataset import Subject
from grove.git import EntryKind, Git, GitConfig
from grove.indexing import BuildTools, FileEntry, IndexStore, StaticEmbedder, build_snapshot
from grove.kit.errors import GroveError
from grove.languages import TreeSitterParser
from grove.search import Corpus
from grove.search import Target as Commit
from grove.vectors import Meaning


@dataclass(kw_only=True)
class Shelf:
    """What was built. `missing` are repositories that could not be read, with the reason."""

    corpus: Corpus
    seconds: float = 0.0
    source_bytes: int = 0
    stored_bytes: int = 0
    missing: dict[str, str] = field(default_factory=dict)


def git_at(scratch: Path) -> Git:
    """Git with nothing of the user's configuration."""
    executable = shutil.which("git")
    if executable is None:
        raise SystemExit("git is not installed")
    for name in ("home", "jobs"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    config = GitConfig(
        executable=Path(executable), home=scratch / "home", job_root=scratch / "jobs", data_root=scratch / "data"
    )
    return Git(config)


def git_dir_of(repository: Path) -> Path:
    """Where git keeps the data of a repository that may be bare."""
    return repository / ".git" if (repository / ".git").exists() else repository.resolve()


class ShelfBuilder:
    """Indexes one repository after the other into one store below `scratch`."""

    def __init__(self, scratch: Path) -> None:
        self._git = git_at(scratch)
        self._store = IndexStore(scratch / "index")
        embedder = StaticEmbedder.load()
        self._meaning = Meaning.of_table(embedder)
        self._tools = BuildTools(parser=TreeSitterParser(), embedder=embedder)
        self._segments: list[str] = []
        self._snapshots: list[str] = []
        self._next_ordinal = 0

    def build(self, subjects: Sequence[Subject], repositories: Path) -> Shelf:
        """Index the given revision of every repository that is there."""
        commits: list[Commit] = []
        missing: dict[str, str] = {}
        source_bytes = stored_bytes = 0
        began = time.perf_counter()
        for subject in subjects:
            git_dir = git_dir_of(repositories / subject.name)
            if not git_dir.is_dir():
                missing[subject.name] = "no such folder"
                continue
            try:
                snapshot, sizes = self._index(subject, git_dir)
            except GroveError as failed:
                missing[subject.name] = f"{failed.message} ({failed.code})"
                continue
            source_bytes += sizes[0]
            stored_bytes += sizes[1]
            commits.append(
                Commit(
                    repository_id=subject.name,
                    name=subject.name,
                    revision=subject.revision,
                    snapshot=snapshot,
                    commit=subject.revision,
                )
            )
        view = self._store.open_view(segments=self._segments, snapshots=self._snapshots)
        return Shelf(
            corpus=Corpus(view=view, targets=tuple(commits), meaning=self._meaning),
            seconds=time.perf_counter() - began,
            source_bytes=source_bytes,
            stored_bytes=stored_bytes,
            missing=missing,
        )

    def _index(self, subject: Subject, git_dir: Path) -> tuple[str, tuple[int, int]]:
        with self._git.objects(git_dir) as blobs:
            built = build_snapshot(
                store=self._store,
                view=self._store.open_view(segments=self._segments, snapshots=self._snapshots),
                job=f"build-{len(self._snapshots)}",
                commit=subject.revision,
                entries=self._files(subject, git_dir),
                blobs=blobs,
                reserve=self._reserve,
                tools=self._tools,
                on_progress=lambda *_: None,
                check_cancelled=lambda: None,
            )
        if built.segment:
            self._segments.append(built.segment.name)
        self._snapshots.append(built.snapshot.name)
        stored = built.snapshot.stored_bytes + (built.segment.stored_bytes if built.segment else 0)
        return built.snapshot.name, (built.snapshot.source_bytes, stored)

    def _files(self, subject: Subject, git_dir: Path) -> Iterator[FileEntry]:
        for entry in self._git.list_tree(git_dir, subject.revision, prefix=subject.root.encode()):
            if entry.kind is EntryKind.FILE:
                yield FileEntry(path=entry.path, oid=entry.oid, mode=entry.mode, size_bytes=entry.size_bytes)

    def _reserve(self, count: int) -> int:
        first = self._next_ordinal
        self._next_ordinal += count
        return first
