"""Commits made up in memory, and indexes built of them."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grove.indexing import (
    BuildLimits,
    BuildTools,
    Built,
    FileEntry,
    IndexStore,
    IndexView,
    Selection,
    WordCounts,
    build_snapshot,
    split_words,
)
from grove.indexing.rewrite import segments_to_join
from grove.indexing.scope import Scope
from grove.languages import Definition, TreeSitterParser

FILE = 0o100644
LINK = 0o120000
SUBMODULE = 0o160000


class Commit:
    """A tree of files, and the source of their contents, which counts what it is asked for."""

    def __init__(self, files: Mapping[str | bytes, str | bytes]) -> None:
        self.contents: dict[str, bytes] = {}
        self.entries: list[FileEntry] = []
        self.read: list[str] = []
        for path, content in files.items():
            self.add(path, content)

    def add(self, path: str | bytes, content: str | bytes, *, mode: int = FILE) -> None:
        raw = content.encode() if isinstance(content, str) else content
        oid = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
        self.contents[oid] = raw
        where = path.encode() if isinstance(path, str) else path
        self.entries.append(FileEntry(path=where, oid=oid, mode=mode, size_bytes=len(raw)))

    def read_blobs(self, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        for oid in oids:
            self.read.append(oid)
            yield oid, self.contents[oid]


class WordHashEmbedder:
    """Gives each word a fixed random direction."""

    name = "word-hash"
    dimensions = 16

    def embed_counts(self, words: Sequence[str], counts: WordCounts) -> NDArray[np.float32]:
        rows = np.array([self._direction(word) for word in words], dtype=np.float32).reshape(-1, self.dimensions)
        found = np.zeros((counts.indptr.size - 1, self.dimensions), dtype=np.float32)
        owners = np.repeat(np.arange(found.shape[0]), np.diff(counts.indptr))
        np.add.at(found, owners, rows[counts.indices] * counts.values[:, None])
        found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return found

    def embed_query(self, text: str) -> NDArray[np.float32]:
        total = sum((self._direction(word) for word in split_words(text)), np.zeros(self.dimensions, dtype=np.float32))
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), dtype=np.float32)

    def _direction(self, word: str) -> NDArray[np.float32]:
        return np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self.dimensions).astype(np.float32)


class NoParser:
    """Finds no definitions, at once."""

    def parse(self, files: Sequence[tuple[str, bytes]]) -> list[list[Definition]]:
        return [[] for _ in files]


class Library:
    """An index that grows by commits, as a tenant's does."""

    def __init__(self, root: Path, *, limits: BuildLimits | None = None, parse: bool = False) -> None:
        self.store = IndexStore(root)
        self.segments: list[str] = []
        self.snapshots: list[str] = []
        self.reserved = 0
        self.added = 0
        self.tools = BuildTools(
            parser=TreeSitterParser() if parse else NoParser(),
            embedder=WordHashEmbedder(),
            limits=limits or BuildLimits(),
        )

    def view(self) -> IndexView:
        return self.store.open_view(segments=self.segments, snapshots=self.snapshots)

    def add(self, commit: Commit | Mapping[str | bytes, str | bytes], **options: Callable[..., None]) -> Built:
        given = commit if isinstance(commit, Commit) else Commit(commit)
        built = build_snapshot(
            store=self.store,
            view=self.view(),
            job="job",
            commit=f"commit-{self.added}",
            entries=given.entries,
            blobs=given,
            reserve=self._reserve,
            tools=self.tools,
            on_progress=options.get("on_progress", lambda *_: None),
            check_cancelled=options.get("check_cancelled", lambda: None),
        )
        self.added += 1
        self.snapshots.append(built.snapshot.name)
        if built.segment is not None:
            self.segments.append(built.segment.name)
        return built

    def merge(self) -> None:
        """Join segments as upkeep does, without the chunks that the newest snapshot lacks."""
        while names := segments_to_join(view := self.view()):
            live = view.snapshots[self.snapshots[-1]].ordinals
            joined = self.store.merge_segments(view, names, keep=live, job="merge")
            self.segments = [name for name in self.segments if name not in names]
            self.segments += [joined.name] if joined is not None else []
            self.snapshots = self.snapshots[-1:]

    def scope(self, *snapshots: str) -> Scope:
        chosen = snapshots or self.snapshots[-1:]
        return self.view().scope([Selection(snapshot=name) for name in chosen])

    def _reserve(self, count: int) -> int:
        first = self.reserved
        self.reserved += count
        return first


def contents_of(view: IndexView, snapshot: str) -> dict[str, bytes]:
    """What the index has for the text of each file."""
    files = view.snapshots[snapshot]
    return {
        path: b"".join(view.chunk_text(int(ordinal)) for ordinal in files.chunks_of(number))
        for number, path in enumerate(files.paths)
    }
