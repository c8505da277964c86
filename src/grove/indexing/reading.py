"""The blobs of a commit: which are known and fit, which are to be read, and the rows of the path table made of them."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.commit_files import Row
from grove.indexing.errors import BlobUnavailable
from grove.indexing.model import BlobSource, SkipReason
from grove.indexing.novelty import NO_CHUNKS, NewText, Novelty
from grove.indexing.texts import text_of
from grove.indexing.tree import Tree, TreeFile
from grove.languages import HEAD_BYTES, Mark, Trait, grammar_of, language_of, marks_of, trait_of

BATCH_BYTES: Final = 2 * 1024 * 1024
BATCH_BLOBS: Final = 1_000


def blobs_for(
    indexable: Sequence[TreeFile], known: dict[bytes, list[Blob]]
) -> tuple[dict[BlobKey, Blob], dict[bytes, list[TreeFile]]]:
    """The known blobs that fit their paths' languages, and the files of each blob that is to be read."""
    chosen: dict[BlobKey, Blob] = {}
    unknown: dict[bytes, list[TreeFile]] = {}
    for file in indexable:
        fitting = fitting_blob(file, known.get(file.oid, []))
        if fitting is None:
            unknown.setdefault(file.oid, []).append(file)
        else:
            chosen[BlobKey(file.oid, fitting.grammar)] = fitting
    return chosen, unknown


def fitting_blob(file: TreeFile, known: Sequence[Blob]) -> Blob | None:
    """The blob that was cut as the path's language wants it."""
    for blob in known:
        if blob.skip is not None or blob.grammar == grammar_of(_language(file, blob.trait)):
            return blob
    return None


def read_into(unknown: dict[bytes, list[TreeFile]], blobs: BlobSource, novelty: Novelty) -> Iterator[int]:
    """Read the blobs, batch by batch, into the new segment; yields how many were read."""
    done = 0
    for batch in _batches(unknown):
        texts: list[NewText] = []
        for oid, content in _contents(blobs, batch):
            trait = trait_of(content[:HEAD_BYTES])
            text = text_of(content)
            if isinstance(text, SkipReason):
                novelty.add_textless(oid, trait=trait, skip=text)
                continue
            languages = [_language(file, trait) for file in unknown[oid]]
            of_grammars = {grammar_of(language): language for language in reversed(languages)}
            texts.extend(NewText(oid, text, language, trait) for language in of_grammars.values())
        novelty.add(texts)
        done += len(batch)
        yield done
    novelty.settle()


def _batches(unknown: dict[bytes, list[TreeFile]]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for oid, of_blob in unknown.items():
        batch.append(oid)
        size += of_blob[0].size_bytes
        if size >= BATCH_BYTES or len(batch) == BATCH_BLOBS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _contents(blobs: BlobSource, batch: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    read = 0
    for wanted, (oid, content) in zip(batch, blobs.read_blobs([oid.hex() for oid in batch]), strict=False):
        if oid != wanted.hex():
            raise BlobUnavailable(oid=wanted.hex())
        read += 1
        yield wanted, content
    if read != len(batch):
        raise BlobUnavailable(oid=batch[read].hex())


def rows_of(tree: Tree, available: dict[BlobKey, Blob]) -> tuple[list[Row], dict[BlobKey, Blob]]:
    """The rows of the path table, and exactly the blobs that they name."""
    traits = {key.oid: blob.trait for key, blob in available.items()}
    rows = [_row(file, traits.get(file.oid, Trait()), available) for file in tree.files]
    skipped = {row.blob: Blob("", Trait(), row.skip, NO_CHUNKS, NO_CHUNKS) for row in rows if row.skip is not None}
    return rows, skipped | {row.blob: available[row.blob] for row in rows if row.blob in available}


def _row(file: TreeFile, trait: Trait, available: dict[BlobKey, Blob]) -> Row:
    language, marks = _told_by(file.path, trait)
    textless = available.get(BlobKey(file.oid, ""))
    skip = file.skip or (textless.skip if textless else None)
    blob = BlobKey(file.oid, "" if skip else grammar_of(language))
    return Row(file.path, blob, language, marks, file.size_bytes, skip)


def _language(file: TreeFile, trait: Trait) -> str:
    return _told_by(file.path, trait)[0]


@lru_cache(maxsize=1 << 15)
def _told_by(path: bytes, trait: Trait) -> tuple[str, Mark]:
    """The language and the marks of a path: asked for the same paths at commit after commit."""
    text = path.decode("utf-8", "replace")
    return language_of(text, trait=trait), marks_of(text) | trait.marks
