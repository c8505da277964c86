"""Real indexes of small made-up repositories, and questions asked of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grove.indexing import BuildTools, FileEntry, IndexStore, IndexView, StaticEmbedder, build_snapshot
from grove.languages import TreeSitterParser
from grove.search import Answer, Corpus, Limits, Mode, Question, SearchEvent, Skipped, Target, search, search_stream
from grove.vectors import Meaning

Tree = Mapping[str, str | bytes]


class Blobs:
    """The contents of a tree, as a source of blobs."""

    def __init__(self, tree: Tree) -> None:
        self._contents = {}
        self.entries: list[FileEntry] = []
        for path, text in tree.items():
            content = text.encode() if isinstance(text, str) else text
            oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            self._contents[oid] = content
            self.entries.append(FileEntry(path=path.encode(), oid=oid, mode=0o100644, size_bytes=len(content)))

    def read_blobs(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for oid in oids:
            yield oid, self._contents[oid]


class Library:
    """Repositories with indexes, each at some revisions; the first revision of each is its default."""

    def __init__(self, root: Path, repositories: Mapping[str, Tree | Mapping[str, Tree]]) -> None:
        self._store = IndexStore(root)
        self._segments: list[str] = []
        self._snapshots: list[str] = []
        self._next = 0
        embedder = StaticEmbedder.load()
        self.meaning = Meaning.of_table(embedder)
        self._tools = BuildTools(parser=TreeSitterParser(), embedder=embedder)
        self.targets: list[Target] = []
        for name, tree in repositories.items():
            versions = tree if _has_versions(tree) else {"main": tree}
            for revision, files in versions.items():
                self._add(name, revision, files)  # type: ignore[arg-type]

    def view(self) -> IndexView:
        return self._store.open_view(segments=self._segments, snapshots=self._snapshots)

    def corpus(self, *revisions: str, skipped: tuple[Skipped, ...] = ()) -> Corpus:
        """The default revisions, or the named ones."""
        chosen = [
            target
            for target in self.targets
            if (target.revision in revisions if revisions else target.is_default_revision)
        ]
        return Corpus(view=self.view(), targets=tuple(chosen), generation=7, skipped=skipped, meaning=self.meaning)

    def ask(self, text: str, mode: Mode = Mode.AUTO, *, limits: Limits | None = None, **more: object) -> Answer:
        question = Question(text=text, mode=mode, **more)  # type: ignore[arg-type]
        return search(question, self.corpus(), limits=limits or Limits())

    def stream(self, text: str, mode: Mode = Mode.AUTO, **more: object) -> list[SearchEvent]:
        question = Question(text=text, mode=mode, **more)  # type: ignore[arg-type]
        return list(search_stream(question, self.corpus()))

    def _add(self, name: str, revision: str, tree: Tree) -> None:
        blobs = Blobs(tree)
        built = build_snapshot(
            store=self._store,
            view=self.view(),
            job=f"build-{len(self.targets)}",
            commit=hashlib.sha1(f"{name}@{revision}".encode(), usedforsecurity=False).hexdigest(),
            entries=blobs.entries,
            blobs=blobs,
            reserve=self._reserve,
            tools=self._tools,
            on_progress=lambda *_: None,
            check_cancelled=lambda: None,
        )
        if built.segment:
            self._segments.append(built.segment.name)
        self._snapshots.append(built.snapshot.name)
        self.targets.append(
            Target(
                repository_id=f"id-{name}",
                name=name,
                revision=revision,
                snapshot=built.snapshot.name,
                commit=built.snapshot.commit,
                is_default_revision=not any(target.name == name for target in self.targets),
            )
        )

    def _reserve(self, count: int) -> int:
        first = self._next
        self._next += count
        return first


def paths(answer: Answer) -> list[str]:
    """The paths of an answer, best first."""
    return [file.address.path for file in answer.files]


def _has_versions(tree: Tree | Mapping[str, Tree]) -> bool:
    return any(isinstance(value, Mapping) for value in tree.values())
