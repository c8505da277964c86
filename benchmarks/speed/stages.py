"""What each stage of building costs, one after the other on the same files and on one core."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.relevance.shelf import git_at
from benchmarks.speed.corpus import Revision
from grove.indexing import StaticEmbedder
from grove.indexing.chunks import cuts_of, digest_of
from grove.indexing.content import ContentWriter
from grove.indexing.grams import postings_of, write_grams
from grove.indexing.parts import PartsWriter
from grove.indexing.postings import Runs
from grove.indexing.terms import write_terms
from grove.indexing.texts import text_of
from grove.indexing.vectors import VectorWriter
from grove.indexing.vocabulary import Vocabulary
from grove.languages import TreeSitterParser, grammar_of, language_of

BATCH = 4_096
Spent = defaultdict[str, float]


@dataclass
class Stages:
    """Processor seconds by stage, and of how many bytes."""

    seconds: dict[str, float]
    source_bytes: int


def measure_stages(revisions: Sequence[Revision], *, bytes_max: int) -> Stages:
    """Run every stage on the first files of some revisions."""
    spent: Spent = defaultdict(float)
    with tempfile.TemporaryDirectory(prefix="grove-stages-") as name:
        folder = Path(name)
        files: list[tuple[str, bytes]] = []
        for revision in revisions:
            if sum(len(text) for _, text in files) < bytes_max:
                with _clock(spent, "read"):
                    files += _read(revision, folder)
        with _clock(spent, "cut"):
            chunks = _cut(files)
        writer = PartsWriter(folder / "file", kind="speed")
        with _clock(spent, "compress"):
            _compress(writer, [text for _, text in chunks])
        with _clock(spent, "definitions"):
            TreeSitterParser().parse([file for file in files if grammar_of(file[0])])
        _index(chunks, writer, folder, spent)
        writer.finish()
    return Stages(seconds=dict(spent), source_bytes=sum(len(text) for _, text in files))


@contextmanager
def _clock(spent: Spent, stage: str) -> Iterator[None]:
    began = time.process_time()
    yield
    spent[stage] += time.process_time() - began


def _read(revision: Revision, scratch: Path) -> list[tuple[str, bytes]]:
    entries = {entry.oid: entry for entry in revision.entries}
    with git_at(scratch).objects(revision.git_dir) as objects:
        read = [(entries[oid], text_of(blob)) for oid, blob in objects.read_blobs(list(entries))]
    return [(language_of(entry.path.decode(errors="replace")), text) for entry, text in read if isinstance(text, bytes)]


def _cut(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    chunks: dict[bytes, tuple[str, bytes]] = {}
    for language, text in files:
        for cut in cuts_of(text):
            piece = text[cut.begin : cut.end]
            chunks.setdefault(digest_of(piece, grammar_of(language)), (language, piece))
    return list(chunks.values())


def _compress(writer: PartsWriter, texts: Sequence[bytes]) -> None:
    content = ContentWriter(writer)
    for text in texts:
        content.add(text)
    content.finish()


def _index(chunks: Sequence[tuple[str, bytes]], writer: PartsWriter, folder: Path, spent: Spent) -> None:
    vocabulary, embedder, vectors = Vocabulary(), StaticEmbedder.load(), VectorWriter()
    grams, terms = Runs(folder / "grams"), Runs(folder / "terms")
    body, comment = [], []
    for first in range(0, len(chunks), BATCH):
        batch = chunks[first : first + BATCH]
        texts, languages = [text for _, text in batch], [language for language, _ in batch]
        with _clock(spent, "words"):
            counted = vocabulary.count(texts, languages=languages, definitions=[()] * len(texts), first=first)
            terms.add(counted.postings)
        with _clock(spent, "trigrams"):
            grams.add(postings_of(texts, first))
        with _clock(spent, "vectors"):
            vectors.add(embedder.embed_counts(counted.words, counted.counts))
        body.append(counted.body_lengths)
        comment.append(counted.comment_lengths)
    with _clock(spent, "write"):
        write_grams(writer, grams, chunk_count=len(chunks))
        lengths = np.concatenate(body), np.concatenate(comment)
        write_terms(writer, words=vocabulary.words, runs=terms, body=lengths[0], comment=lengths[1])
        vectors.write(writer)
