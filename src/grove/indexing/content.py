"""The texts of chunks, compressed in frames of many chunks each."""

import threading
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from grove.indexing.arrays import run_starts
from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import PartsReader, PartsWriter
from grove.kit.caching import SizedCache

PART: Final = "content"
FRAME_BYTES: Final = 32 * 1024
LEVEL: Final = 6
_BYTES_PER_END: Final = 40


class ContentWriter:
    """Writes texts in the order in which chunks are numbered. Its part stays open until `finish`."""

    def __init__(self, writer: PartsWriter) -> None:
        self._writer = writer
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True)
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._sizes: list[int] = []
        self._frame_chunks: list[int] = []
        self._frame_ends: list[int] = []
        writer.begin(PART)

    def add(self, text: bytes) -> None:
        """Add the next chunk's text."""
        self._waiting.append(text)
        self._waiting_bytes += len(text)
        self._sizes.append(len(text))
        if self._waiting_bytes >= FRAME_BYTES:
            self._flush()

    def finish(self) -> None:
        """End the part, and write where things are in it."""
        self._flush()
        self._writer.end()
        self._writer.add("chunk_bytes", np.array(self._sizes, dtype=np.uint32))
        self._writer.add("frame_chunks", np.array(self._frame_chunks, dtype=np.uint32))
        self._writer.add("frame_ends", np.array(self._frame_ends, dtype=np.uint64))

    def _flush(self) -> None:
        if self._waiting:
            frame = self._compressor.compress(b"".join(self._waiting))
            self._writer.append(frame)
            self._frame_chunks.append(len(self._sizes) - len(self._waiting))
            self._frame_ends.append((self._frame_ends[-1] if self._frame_ends else 0) + len(frame))
            self._waiting, self._waiting_bytes = [], 0


class Frame(NamedTuple):
    """An opened frame: its first chunk, and where each chunk begins and ends in it."""

    content: bytes
    first: int
    ends: list[int]


class ContentIndex:
    """Reads the texts of a segment's chunks."""

    def __init__(self, reader: PartsReader, cache: SizedCache[Frame], *, chunk_count: int) -> None:
        self._reader = reader
        self._cache = cache
        self.sizes = reader.array("chunk_bytes", np.uint32)
        self._frame_chunks = reader.array("frame_chunks", np.uint32)
        self._frame_ends = reader.array("frame_ends", np.uint64)
        frames_fit = self._frame_ends.size == self._frame_chunks.size and bool(chunk_count) == bool(
            self._frame_chunks.size
        )
        ascending = bool((np.diff(self._frame_chunks.astype(np.int64)) > 0).all())
        if self.sizes.size != chunk_count or not frames_fit or not ascending or self._frame_chunks[:1].any():
            raise IndexCorrupt(name=reader.label, part="frame_chunks")

    def text(self, number: int) -> bytes:
        """The text of a chunk."""
        return self.texts([number])[0]

    def texts(self, numbers: Sequence[int]) -> list[bytes]:
        """The texts of chunks, in the order asked; a frame is opened once for neighbours."""
        places = np.searchsorted(self._frame_chunks, np.asarray(numbers, dtype=np.uint32), side="right") - 1
        texts: list[bytes] = []
        opened = -1
        frame = Frame(b"", 0, [])
        for number, place in zip(numbers, places.tolist(), strict=True):
            if place != opened:
                opened, frame = place, self._frame(place)
            at = number - frame.first
            texts.append(frame.content[frame.ends[at] : frame.ends[at + 1]])
        return texts

    def frames(self, numbers: NDArray[np.int64]) -> Iterator[tuple[Frame, NDArray[np.int64]]]:
        """The frames that hold ascending chunks, each with those of them that it holds."""
        places = np.searchsorted(self._frame_chunks, numbers, side="right") - 1
        starts = run_starts(places)
        for begin, end in pairwise([*starts.tolist(), places.size]):
            yield self._frame(int(places[begin])), numbers[begin:end]

    def _layout(self, frame: int) -> tuple[int, list[int]]:
        first = int(self._frame_chunks[frame])
        last = int(self._frame_chunks[frame + 1]) if frame + 1 < self._frame_chunks.size else self.sizes.size
        return first, [0, *accumulate(self.sizes[first:last].tolist())]

    def _frame(self, place: int) -> Frame:
        key = (self._reader.label, place)
        frame = self._cache.get(key)
        if frame is None:
            begin = int(self._frame_ends[place - 1]) if place else 0
            stored = self._reader.slice(PART, begin, int(self._frame_ends[place]))
            first, ends = self._layout(place)
            try:
                content = _decompressor().decompress(stored.data, max_output_size=ends[-1])
            except zstandard.ZstdError as error:
                raise IndexCorrupt(name=self._reader.label, part=PART, frame=place) from error
            if len(content) != ends[-1]:
                raise IndexCorrupt(name=self._reader.label, part=PART, frame=place)
            frame = Frame(content, first, ends)
            self._cache.put(key, frame, len(content) + _BYTES_PER_END * len(ends))
        return frame


_of_thread = threading.local()


def _decompressor() -> zstandard.ZstdDecompressor:
    """This thread's: making one takes as long as a frame."""
    if not hasattr(_of_thread, "decompressor"):
        _of_thread.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _of_thread.decompressor
    return decompressor
