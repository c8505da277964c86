"""Takes the blobs of a commit that nobody knows yet into a new segment, chunk by chunk."""

from bisect import bisect_right
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.chunks import Cut, cuts_of, digest_of
from grove.indexing.model import SkipReason
from grove.indexing.ports import BuildTools
from grove.indexing.reuse import known_chunks
from grove.indexing.segment_writer import NewChunk, SegmentWriter
from grove.indexing.symbols import Symbol
from grove.indexing.view import IndexView
from grove.languages import Definition, Trait, grammar_of
from grove.snapshots import SegmentRecord

NO_CHUNKS: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)


class NewText(NamedTuple):
    """A text that was read, to be cut for a language."""

    oid: bytes
    text: bytes
    language: str
    trait: Trait


class _Draft(NamedTuple):
    """A blob whose new chunks have no ordinals yet: -1 stands for the first of them, -2 for the second, ..."""

    trait: Trait
    chunks: NDArray[np.int64]
    first_lines: NDArray[np.uint32]


class _Cuts(NamedTuple):
    """A text with its cuts and their digests."""

    new: NewText
    cuts: list[Cut]
    digests: list[bytes]


class _Waiting(NamedTuple):
    """Texts that are being parsed: those of some numbers."""

    cut: list[_Cuts]
    numbers: list[int]
    parsed: Future[list[list[Definition]]]


class Novelty:
    """Collects new blobs; chunks that the view knows, or that came before, are not indexed again."""

    def __init__(self, *, view: IndexView, tools: BuildTools, folder: Path) -> None:
        self._view = view
        self._tools = tools
        self._writer = SegmentWriter(folder, embedder=tools.embedder)
        self._drafts: dict[BlobKey, _Draft] = {}
        self._without_text: dict[BlobKey, Blob] = {}
        self._places: dict[bytes, int | None] = {}
        """Per digest an ordinal, or -1 for the first new chunk, -2 for the second, ...; `None` while it waits."""
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._waiting: _Waiting | None = None

    def __len__(self) -> int:
        """How many new chunks there are."""
        return len(self._writer)

    def add_textless(self, oid: bytes, *, trait: Trait, skip: SkipReason) -> None:
        """Remember a blob that is not text."""
        self._without_text[BlobKey(oid, "")] = Blob("", trait, skip, NO_CHUNKS, NO_CHUNKS)

    def add(self, texts: Sequence[NewText]) -> None:
        """Cut texts, and while they are parsed index those that were added before."""
        cut = [self._cut(new) for new in texts]
        unknown = {digest for text in cut for digest in text.digests if digest not in self._places}
        known = known_chunks(self._view, unknown)
        self._places.update(dict.fromkeys(unknown))
        self._places.update(known)
        unknown.difference_update(known)
        with_new = [number for number, text in enumerate(cut) if not unknown.isdisjoint(text.digests)]
        files = [(texts[number].language, texts[number].text) for number in with_new]
        parsed = self._thread.submit(self._tools.parser.parse, files)
        self.settle()
        self._waiting = _Waiting(cut, with_new, parsed)

    def settle(self) -> None:
        """Index what was added last."""
        if self._waiting is not None:
            cut, with_new, parsed = self._waiting
            definitions = dict(zip(with_new, parsed.result(), strict=True))
            for number, text in enumerate(cut):
                self._index(text, definitions.get(number, []))
            self._waiting = None

    def finish(self, first: int) -> tuple[dict[BlobKey, Blob], SegmentRecord]:
        """Write the segment, its first chunk being ordinal `first`; gives the blobs too."""
        self._thread.shutdown()
        blobs = self.blobs(first)
        ordinals = np.arange(first, first + len(self), dtype=np.uint32)
        return blobs, self._writer.finish(ordinals=ordinals, blobs=blobs)

    def blobs(self, first: int = 0) -> dict[BlobKey, Blob]:
        """The blobs that were added, if the first new chunk is ordinal `first`."""
        blobs = dict(self._without_text)
        for key, draft in self._drafts.items():
            ordinals = np.where(draft.chunks < 0, first - 1 - draft.chunks, draft.chunks).astype(np.uint32)
            blobs[key] = Blob(key.grammar, draft.trait, None, ordinals, draft.first_lines)
        return blobs

    def abandon(self) -> None:
        """Stop; what was written is left to be removed."""
        self._thread.shutdown()
        self._writer.abandon()

    @staticmethod
    def _cut(new: NewText) -> _Cuts:
        cuts = cuts_of(new.text)
        grammar = grammar_of(new.language)
        return _Cuts(new, cuts, [digest_of(new.text[cut.begin : cut.end], grammar) for cut in cuts])

    def _index(self, text: _Cuts, definitions: Sequence[Definition]) -> None:
        new, cuts, digests = text
        first_lines = [cut.first_line for cut in cuts]
        within: list[list[Definition]] = [[] for _ in cuts]
        for definition in definitions:
            within[max(bisect_right(first_lines, definition.line) - 1, 0)].append(definition)
        chunks = []
        for cut, digest, defined in zip(cuts, digests, within, strict=True):
            place = self._places[digest]
            if place is None:
                place = self._places[digest] = -1 - self._add_chunk(new, cut, digest, defined)
            chunks.append(place)
        self._drafts[BlobKey(new.oid, grammar_of(new.language))] = _Draft(
            new.trait, np.array(chunks, dtype=np.int64), np.array(first_lines, dtype=np.uint32)
        )

    def _add_chunk(self, new: NewText, cut: Cut, digest: bytes, definitions: Sequence[Definition]) -> int:
        names = [definition.name for definition in definitions]
        number = self._writer.add(NewChunk(digest, new.text[cut.begin : cut.end], cut.lines, new.language, names))
        for definition in definitions:
            line = min(max(definition.line - cut.first_line, 0), cut.lines - 1)
            self._writer.define(Symbol(number, line, definition.name, definition.kind, definition.container))
        return number
