"""Makes one segment of chunks that are already indexed: to drop what is no longer needed, or to join small segments."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct
from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.errors import IndexMissing
from grove.indexing.model import Ordinals
from grove.indexing.ports import WordCounts
from grove.indexing.segment import Segment
from grove.indexing.segment_writer import NewChunk, SegmentWriter
from grove.indexing.view import IndexView
from grove.kit import ids
from grove.snapshots import SegmentRecord

JOINED_MIN: Final = 8
JOINED_CHUNKS_MAX: Final = 300_000
_READ_TOGETHER: Final = 4_096


class _StoredVectors:
    """Gives the vectors that chunks already have, in the order in which the chunks are written."""

    def __init__(self, segments: Sequence[Segment], places: Sequence[tuple[int, int]]) -> None:
        self.name = segments[0].embedder
        self.dimensions = segments[0].dimensions
        self._segments = segments
        self._places = places
        self._given = 0

    def embed_counts(self, words: Sequence[str], counts: WordCounts) -> NDArray[np.float32]:  # noqa: ARG002 - the port's
        """The next chunks' vectors."""
        size = counts.indptr.size - 1
        places = np.array(self._places[self._given : self._given + size])
        self._given += size
        vectors = np.empty((size, self.dimensions), dtype=np.float32)
        for owner in distinct(places[:, 0]).tolist():
            of_owner = np.flatnonzero(places[:, 0] == owner)
            vectors[of_owner] = self._segments[owner].vectors.vectors(places[of_owner, 1])
        return vectors


def segments_to_join(view: IndexView, *, chunks_max: int = JOINED_CHUNKS_MAX) -> list[str]:
    """The segments that are worth joining into one: the smallest of the smallest size of which there are eight.

    Sizes are told apart by powers of four, so that a chunk is rewritten a few times in all. What is joined has at most
    `chunks_max` chunks, for joining takes memory in proportion to them; larger segments stay as they are.
    """
    of_size: dict[tuple[int, str], list[Segment]] = {}
    for segment in view.open_segments:
        if len(segment) <= chunks_max // JOINED_MIN:
            of_size.setdefault((len(segment).bit_length() // 2, segment.embedder), []).append(segment)
    crowded = [(size, segments) for size, segments in of_size.items() if len(segments) >= JOINED_MIN]
    if not crowded:
        return []
    smallest = sorted(min(crowded, key=itemgetter(0))[1], key=len)
    totals = accumulate(len(segment) for segment in smallest)
    chosen = {segment.name for segment, total in zip(smallest, totals, strict=True) if total <= chunks_max}
    return [segment.name for segment in view.open_segments if segment.name in chosen]


def rewrite(view: IndexView, names: Sequence[str], *, keep: Ordinals, folder: Path) -> SegmentRecord | None:
    """Write below `folder` one segment with those chunks of the named segments that are in `keep`, which ascends.

    A blob is kept if all its chunks are kept or stand in other segments of the view.
    """
    segments = [segment for segment in view.open_segments if segment.name in names]
    if len(segments) != len(set(names)) or len({segment.embedder for segment in segments}) > 1:
        raise IndexMissing(names=", ".join(names))
    kept = [segment.numbers_of(keep) for segment in segments]
    owners = np.repeat(np.arange(len(segments)), [numbers.size for numbers in kept])
    ordinals = np.concatenate([segment.ordinals[numbers] for segment, numbers in zip(segments, kept, strict=True)])
    if not ordinals.size:
        return None
    order = np.argsort(ordinals, kind="stable")
    places = list(zip(owners[order].tolist(), np.concatenate(kept)[order].tolist(), strict=True))
    writer = SegmentWriter(folder / ids.new_id(), embedder=_StoredVectors(segments, places))
    digests = [segment.digests.by_number() for segment in segments]
    for number, ((owner, old), text) in enumerate(zip(places, _texts(segments, places), strict=True)):
        segment = segments[owner]
        symbols = segment.symbols.of_chunk(old)
        for symbol in symbols:
            writer.define(symbol._replace(chunk=number))
        writer.add(
            NewChunk(
                digests[owner][old].tobytes(),
                text,
                int(segment.lines[old]),
                segment.language_of(old),
                [symbol.name for symbol in symbols],
            )
        )
    return writer.finish(ordinals=ordinals[order], blobs=_blobs(view, segments, ordinals[order]))


def _texts(segments: Sequence[Segment], places: Sequence[tuple[int, int]]) -> Iterator[bytes]:
    """The texts of chunks, read together as far as they lie together."""
    for at in range(0, len(places), _READ_TOGETHER):
        together = places[at : at + _READ_TOGETHER]
        texts: dict[tuple[int, int], bytes] = {}
        for owner in {owner for owner, _ in together}:
            of_owner = [place for place in together if place[0] == owner]
            found = segments[owner].content.texts([number for _, number in of_owner])
            texts.update(zip(of_owner, found, strict=True))
        for place in together:
            yield texts[place]


def _blobs(view: IndexView, segments: Sequence[Segment], kept: Ordinals) -> Mapping[BlobKey, Blob]:
    elsewhere = [segment.ordinals for segment in view.open_segments if segment not in segments]
    present = np.zeros(1 + max(int(some.max(initial=0)) for some in (kept, *elsewhere)), dtype=np.bool_)
    for some in (kept, *elsewhere):
        present[some] = True
    found: dict[BlobKey, Blob] = {}
    for segment in segments:
        table = segment.blobs
        chunks, ends = table.columns.chunks, np.cumsum(table.columns.counts)
        absent = (chunks >= present.size) | ~present[np.minimum(chunks, present.size - 1)]
        absent_before = np.concatenate(([0], np.cumsum(absent)))
        whole = absent_before[ends] == absent_before[ends - table.columns.counts]
        for number in np.flatnonzero(whole).tolist():
            blob = table.blob(number)
            found[BlobKey(table.oid(number), blob.grammar)] = blob
    return found
