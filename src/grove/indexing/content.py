"""The texts of chunks, compressed in frames of many chunks each."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import zstandard

from grove.indexing.caching import SizedCache
from grove.indexing.errors import IndexCorrupt
from grove.indexing.parts import PartsReader, PartsWriter

PART: Final = "content"
FRAME_BYTES: Final = 64 * 1024
LEVEL: Final = 6


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


class ContentIndex:
    """Reads the texts of a segment's chunks."""

    def __init__(self, reader: PartsReader, cache: SizedCache[bytes], *, chunk_count: int) -> None:
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
        frames = np.searchsorted(self._frame_chunks, np.asarray(numbers, dtype=np.uint32), side="right") - 1
        texts: list[bytes] = []
        opened = -1
        content, ends, first = b"", [0], 0
        for number, frame in zip(numbers, frames.tolist(), strict=True):
            if frame != opened:
                opened, content = frame, self._frame(frame)
                first, ends = self._layout(frame)
            texts.append(content[ends[number - first] : ends[number - first + 1]])
        return texts

    def _layout(self, frame: int) -> tuple[int, list[int]]:
        first = int(self._frame_chunks[frame])
        last = int(self._frame_chunks[frame + 1]) if frame + 1 < self._frame_chunks.size else self.sizes.size
        return first, [0, *np.cumsum(self.sizes[first:last], dtype=np.int64).tolist()]

    def _frame(self, frame: int) -> bytes:
        key = (self._reader.label, frame)
        content = self._cache.get(key)
        if content is None:
            begin = int(self._frame_ends[frame - 1]) if frame else 0
            stored = self._reader.slice(PART, begin, int(self._frame_ends[frame]))
            size = self._layout(frame)[1][-1]
            try:
                content = zstandard.ZstdDecompressor().decompress(stored.tobytes(), max_output_size=size)
            except zstandard.ZstdError as error:
                raise IndexCorrupt(name=self._reader.label, part=PART, frame=frame) from error
            if len(content) != size:
                raise IndexCorrupt(name=self._reader.label, part=PART, frame=frame)
            self._cache.put(key, content, len(content))
        return content
