"""What the index answers: a fixed set of segments and snapshots, opened once and shared between threads."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from grove.indexing.bm25 import WordHits
from grove.indexing.content import Frame
from grove.indexing.errors import IndexMissing
from grove.indexing.grams import Bitmap
from grove.indexing.model import Need, Ordinals, Scores, Selection, SymbolHit, SymbolMatch
from grove.indexing.nearest import VectorPart, nearest_of
from grove.indexing.needs import bitmap_of, files_of
from grove.indexing.path_grams import PathFilterCache
from grove.indexing.scope import Scope
from grove.indexing.segment import Segment
from grove.indexing.snapshot import SnapshotView
from grove.indexing.symbols import Symbol
from grove.indexing.terms import FieldWeights
from grove.kit.caching import SizedCache

WHOLE_SCOPES_BYTES_MAX: Final = 128 * 1024 * 1024
"""How much is kept of scopes that consist of whole commits: questions mostly ask the same ones again."""
_BYTES_PER_CHUNK: Final = 16
_LINE_FEED: Final = 10
_NO_WEIGHTS = FieldWeights()


class ChunkRun(NamedTuple):
    """Neighbouring chunks as one text: a line feed is between any two of them and none at the end."""

    ordinals: Ordinals
    text: bytes
    begins: NDArray[np.int64]
    """Where each chunk begins in the text."""

    @classmethod
    def of(cls, frame: Frame, wanted: NDArray[np.int64], *, ordinals: Ordinals) -> Self:
        """The wanted chunks of a frame: all that it has if they are many, for then less is to be copied."""
        ends = np.array(frame.ends)
        if 2 * wanted.size >= ends.size - 1:
            octets = np.frombuffer(frame.content, dtype=np.uint8)
            if (octets[ends[1:-1] - 1] == _LINE_FEED).all():
                return cls(ordinals[frame.first :][: ends.size - 1], frame.content.removesuffix(b"\n"), ends[:-1])
        at = (wanted - frame.first).tolist()
        texts = [frame.content[frame.ends[number] : frame.ends[number + 1]].removesuffix(b"\n") for number in at]
        begins = accumulate((len(text) + 1 for text in texts[:-1]), initial=0)
        return cls(ordinals[wanted], b"\n".join(texts), np.array(list(begins)))


class IndexView:
    """An immutable set of segments and snapshots. Every method may be called from any thread.

    :raises IndexCorrupt: from any method that touches a damaged part of a file.
    """

    def __init__(self, *, segments: Sequence[Segment], snapshots: Sequence[SnapshotView]) -> None:
        self.open_segments = tuple(segments)
        self.segments = tuple(segment.name for segment in segments)
        self._whole_scopes: SizedCache[Scope] = SizedCache(WHOLE_SCOPES_BYTES_MAX)
        self._by_first = sorted(segments, key=lambda segment: segment.first)
        self._firsts = np.array([segment.first for segment in segments], dtype=np.int64)
        self._lasts = np.array([segment.last for segment in segments], dtype=np.int64)
        self.snapshots: Mapping[str, SnapshotView] = {snapshot.name: snapshot for snapshot in snapshots}
        self.path_filters = PathFilterCache(lambda name: self.snapshots[name].path_filter)

    def scope(self, selections: Sequence[Selection]) -> Scope:
        """The chunks of the selected paths: what a question may see.

        :raises IndexMissing: if a selected snapshot, or a chunk of it, is not part of this view.
        """
        key = tuple(chosen.snapshot for chosen in selections if chosen.path_numbers is None)
        if len(key) < len(selections):
            return Scope(selections, snapshots=self.snapshots, segments=self.open_segments)
        scope = self._whole_scopes.get(("", key))
        if scope is None:
            scope = Scope(selections, snapshots=self.snapshots, segments=self.open_segments)
            self._whole_scopes.put(("", key), scope, _BYTES_PER_CHUNK * len(scope))
        return scope

    def candidates(self, scope: Scope, need: Need, *, fold_case: bool) -> Ordinals:
        """The chunks of `scope` that may satisfy `need`, ascending: none that does is missing.

        Literals are looked up by their trigrams, so a chunk may be among them that does not satisfy the need.
        Literals of less than three bytes do not restrict. Chunks are whole lines: a literal with a newline in it
        is looked up within single chunks only; for text across lines use `candidate_files`.
        """
        found = [np.empty(0, dtype=np.uint32)]
        for part in scope.parts:
            bitmap = bitmap_of(part, need, fold_case=fold_case)
            found.append(part.ordinals(_numbers(bitmap)))
        return np.sort(np.concatenate(found))

    def candidate_files(self, scope: Scope, need: Need, *, fold_case: bool) -> dict[str, NDArray[np.uint32]]:
        """Per snapshot the numbers of the paths whose chunks, taken together, may satisfy `need`, ascending."""
        return files_of(scope, need, lambda literal: self.candidates(scope, literal, fold_case=fold_case))

    def chunk_text(self, ordinal: int) -> bytes:
        """The chunk's lines, as UTF-8."""
        segment, number = self._place(ordinal)
        return segment.content.text(number)

    def chunk_texts(self, ordinals: Ordinals) -> list[bytes]:
        """The texts of many chunks, in the order asked; cheaper than one by one, above all when ascending."""
        ascending, places = ordinals, np.arange(ordinals.size)
        if not (ordinals[1:] > ordinals[:-1]).all():
            ascending, places = np.unique(ordinals, return_inverse=True)
        texts: list[bytes] = [b""] * ascending.size
        found = 0
        for segment in self._segments_between(int(ascending[0]), int(ascending[-1])) if ascending.size else ():
            numbers = segment.numbers_of(ascending)
            at = np.searchsorted(ascending, segment.ordinals[numbers]).tolist()
            for place, text in zip(at, segment.content.texts(numbers.tolist()), strict=True):
                texts[place] = text
            found += numbers.size
        if found != ascending.size:
            raise IndexMissing(chunks=ascending.size - found)
        return [texts[place] for place in places.tolist()]

    def runs_with(self, ordinals: Ordinals) -> Iterator[ChunkRun]:
        """The chunks that ascending ordinals name, and others that are stored beside them, each once."""
        found = 0
        for segment in self._segments_between(int(ordinals[0]), int(ordinals[-1])) if ordinals.size else ():
            numbers = segment.numbers_of(ordinals)
            found += numbers.size
            for frame, wanted in segment.content.frames(numbers):
                yield ChunkRun.of(frame, wanted, ordinals=segment.ordinals)
        if found != ordinals.size:
            raise IndexMissing(chunks=ordinals.size - found)

    def chunk_lines(self, ordinal: int) -> int:
        """How many lines the chunk has."""
        segment, number = self._place(ordinal)
        return int(segment.lines[number])

    def score_words(
        self, scope: Scope, words: Mapping[str, float], *, weights: FieldWeights = _NO_WEIGHTS
    ) -> tuple[Ordinals, Scores]:
        """The chunks of `scope` that hold any of `words` (as `split_words` gives them) and their BM25F scores.

        Ordinals ascend; nothing is cut off. `words` maps each word to its weight in the question. Document
        frequencies and mean lengths are those of the scope, so that nothing outside it shows in a score.
        """
        return WordHits(scope, words).scores(words, weights)

    def look_up_words(self, scope: Scope, words: Iterable[str]) -> WordHits:
        """Where words (as `split_words` gives them) stand in `scope`, for asking more than once."""
        return WordHits(scope, tuple(words))

    def score_vector(
        self, scope: Scope, vector: NDArray[np.float32], *, limit: int, embedder: str | None = None
    ) -> tuple[Ordinals, Scores]:
        """The `limit` chunks of `scope` nearest to a vector of unit length and their cosines, best first.

        In a scope of more than some thousand chunks a few of the last ranks may be missed (see `nearest_of`).
        Vectors of another size, or made by another than the named `embedder`, cannot be compared and are left out.
        """
        return nearest_of(
            [
                VectorPart(part.segment.vectors, part.segment.ordinals, part.numbers)
                for part in scope.parts
                if part.segment.dimensions == vector.size and embedder in {None, part.segment.embedder}
            ],
            vector,
            limit=limit,
        )

    def find_symbols(self, scope: Scope, name: str, *, match: SymbolMatch, limit: int) -> list[SymbolHit]:
        """At most `limit` definitions in `scope` by name: exact spelling first, then shorter names first."""
        found = [
            _hit(part.segment, symbol)
            for part in scope.parts
            for symbol in part.segment.symbols.find(name, match, part.mask, limit)
        ]
        found.sort(key=lambda hit: (hit.name != name, len(hit.name), hit.name, hit.ordinal, hit.line))
        return found[:limit]

    def symbols_of(self, ordinal: int, *, limit: int | None = None) -> list[SymbolHit]:
        """The definitions that begin in a chunk, by line; the first `limit` of them."""
        segment, number = self._place(ordinal)
        return [_hit(segment, symbol) for symbol in segment.symbols.of_chunk(number, limit=limit)]

    def _place(self, ordinal: int) -> tuple[Segment, int]:
        for segment in reversed(self._by_first[: bisect_right(self._by_first, ordinal, key=lambda each: each.first)]):
            number = segment.number_of(ordinal)
            if number is not None:
                return segment, number
        raise IndexMissing(ordinal=ordinal)

    def _segments_between(self, first: int, last: int) -> Iterator[Segment]:
        """The segments that may hold ordinals from `first` to `last`."""
        for number in np.flatnonzero((self._firsts <= last) & (self._lasts >= first)).tolist():
            yield self.open_segments[number]


def _numbers(bitmap: Bitmap) -> NDArray[np.int64]:
    filled = np.flatnonzero(bitmap)  # mostly few: only these are looked at bit by bit
    at, bits = np.nonzero(np.unpackbits(bitmap[filled], bitorder="little").reshape(-1, 8))
    return filled[at] * 8 + bits


def _hit(segment: Segment, symbol: Symbol) -> SymbolHit:
    return SymbolHit(
        ordinal=int(segment.ordinals[symbol.chunk]),
        line=symbol.line,
        name=symbol.name,
        kind=symbol.kind,
        container=symbol.container,
    )
