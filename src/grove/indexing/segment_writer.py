"""Makes a segment of new chunks: batch by batch, in memory that does not grow with the segment's text."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing import grams
from grove.indexing.blobs import Blob, BlobKey, columns_of
from grove.indexing.content import ContentWriter
from grove.indexing.errors import IndexTooLarge
from grove.indexing.model import Ordinals
from grove.indexing.parts import DELTA_ZSTD, ZSTD, PartsWriter
from grove.indexing.ports import ChunkEmbedder
from grove.indexing.postings import KEY_MAX, NUMBER_MAX, Runs
from grove.indexing.segment import FILE_NAME, KIND, digests_of
from grove.indexing.symbols import Symbol, write_symbols
from grove.indexing.terms import write_terms
from grove.indexing.vectors import VectorWriter
from grove.indexing.vocabulary import Vocabulary
from grove.snapshots import SegmentRecord

BATCH_CHUNKS: Final = 4_096  # divisible by the chunks whose trigrams are sorted together


class NewChunk(NamedTuple):
    """A chunk to be indexed: `names` are those defined in it."""

    digest: bytes
    text: bytes
    lines: int
    language: str
    names: Sequence[str]


class SegmentWriter:
    """Takes chunks one by one, numbers them from 0, and writes `FILE_NAME` into a folder."""

    def __init__(self, folder: Path, *, embedder: ChunkEmbedder) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._embedder = embedder
        self._parts = PartsWriter(folder / FILE_NAME, kind=KIND)
        self._content = ContentWriter(self._parts)
        self._grams = Runs(folder / "grams.runs")
        self._terms = Runs(folder / "terms.runs")
        self._vocabulary = Vocabulary()
        self._waiting: list[NewChunk] = []
        self._digests: list[bytes] = []
        self._lines: list[int] = []
        self._languages: list[str] = []
        self._vectors = VectorWriter()
        self._body_lengths: list[NDArray[np.uint16]] = []
        self._comment_lengths: list[NDArray[np.uint16]] = []
        self._symbols: list[Symbol] = []
        self.source_bytes = 0

    def __len__(self) -> int:
        """How many chunks were added."""
        return len(self._digests)

    def add(self, chunk: NewChunk) -> int:
        """Add a chunk; gives its number."""
        number = len(self._digests)
        self._digests.append(chunk.digest)
        self._lines.append(chunk.lines)
        self._languages.append(chunk.language)
        self._content.add(chunk.text)
        self._waiting.append(chunk)
        self.source_bytes += len(chunk.text)
        if len(self._waiting) == BATCH_CHUNKS:
            self._flush()
        return number

    def define(self, symbol: Symbol) -> None:
        """Add a definition in a chunk that was added."""
        self._symbols.append(symbol)

    def finish(self, *, ordinals: Ordinals, blobs: Mapping[BlobKey, Blob]) -> SegmentRecord:
        """Write the segment: `ordinals` of the chunks, ascending, and the blobs that were read.

        :raises IndexTooLarge: if there are more chunks or words than postings can tell apart.
        """
        self._flush()
        if len(self) > NUMBER_MAX or len(self._vocabulary.words) > KEY_MAX:
            raise IndexTooLarge(chunks=len(self), words=len(self._vocabulary.words))
        parts = self._parts
        self._content.finish()
        digests = digests_of(self._digests)
        order = np.lexsort((digests[:, 1], digests[:, 0]))
        languages = sorted(set(self._languages))
        number = {language: position for position, language in enumerate(languages)}
        parts.add("ordinals", ordinals.astype(np.uint32), encoding=DELTA_ZSTD)
        parts.add("digest_highs", digests[order, 0])
        parts.add("digest_lows", digests[order, 1])
        parts.add("digest_numbers", order.astype(np.uint32))
        parts.add(
            "chunk_languages", np.array([number[name] for name in self._languages], dtype=np.uint8), encoding=ZSTD
        )
        parts.add("chunk_lines", np.array(self._lines, dtype=np.uint8))
        grams.write_grams(parts, self._grams, chunk_count=len(self))
        body, comment = np.concatenate(self._body_lengths), np.concatenate(self._comment_lengths)
        write_terms(parts, words=self._vocabulary.words, runs=self._terms, body=body, comment=comment)
        self._vectors.write(parts)
        write_symbols(parts, self._symbols)
        facts = columns_of(blobs).write(parts) | {
            "embedder": self._embedder.name,
            "dimensions": self._embedder.dimensions,
            "languages": languages,
            "source_bytes": self.source_bytes,
        }
        parts.add("facts", json.dumps(facts, sort_keys=True).encode())
        checksum = parts.finish()
        return SegmentRecord(
            name=self.folder.name,
            first_ordinal=int(ordinals[0]),
            chunk_count=len(self),
            blob_count=len(blobs),
            source_bytes=self.source_bytes,
            stored_bytes=(self.folder / FILE_NAME).stat().st_size,
            checksum=checksum,
        )

    def abandon(self) -> None:
        """Close the files; what was written is left to be removed."""
        self._parts.abandon()
        self._grams.close()
        self._terms.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        texts = [chunk.text for chunk in self._waiting]
        first = len(self._digests) - len(texts)
        counted = self._vocabulary.count(
            texts,
            languages=[chunk.language for chunk in self._waiting],
            definitions=[chunk.names for chunk in self._waiting],
            first=first,
        )
        self._terms.add(counted.postings)
        self._grams.add(grams.postings_of(texts, first))
        self._vectors.add(self._embedder.embed_counts(counted.words, counted.counts))
        self._body_lengths.append(counted.body_lengths)
        self._comment_lengths.append(counted.comment_lengths)
        self._waiting = []
