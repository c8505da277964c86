"""Builds the index of one commit, in proportion to what is new in it.

Blobs that the view knows are not read; chunks that it knows are not indexed. What is new goes into one segment, then
the snapshot is written; both are published by a rename, and nobody sees them before a database names them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from grove.indexing.blobs import Blob, BlobKey
from grove.indexing.commit_files import Row, files_kept, files_of, joined
from grove.indexing.errors import BlobUnavailable
from grove.indexing.languages import HEAD_BYTES, Trait, grammar_of, language_of, marks_of, trait_of
from grove.indexing.model import BlobSource, Built, FileEntry, SkipReason
from grove.indexing.novelty import NO_CHUNKS, NewText, Novelty
from grove.indexing.ports import BuildTools
from grove.indexing.reuse import known_blobs, nearest_snapshot
from grove.indexing.snapshot_writer import Refused, write_snapshot
from grove.indexing.store import IndexStore
from grove.indexing.texts import text_of
from grove.indexing.tree import Tree, TreeFile, rules_of, tree_of
from grove.indexing.view import IndexView
from grove.kit import faults, files, ids
from grove.snapshots import SegmentRecord

SEGMENT_WRITTEN: Final = faults.declare("index.segment_written")
SEGMENT_PUBLISHED: Final = faults.declare("index.segment_published")
SNAPSHOT_PUBLISHED: Final = faults.declare("index.snapshot_published")

BATCH_BYTES: Final = 2 * 1024 * 1024
BATCH_BLOBS: Final = 1_000


def build_snapshot(  # noqa: PLR0913 - a build has this many parties
    *,
    store: IndexStore,
    view: IndexView,
    job: str,
    commit: str,
    entries: Iterable[FileEntry],
    blobs: BlobSource,
    reserve: Callable[[int], int],
    tools: BuildTools,
    on_progress: Callable[[str, int, int], None],
    check_cancelled: Callable[[], None],
) -> Built:
    """Index a commit: read only blobs that `view` does not know, index only chunks that it does not know.

    `reserve` gives the first ordinal of a block of so many. `on_progress` is told the phase, how many files are done,
    and how many there are. `check_cancelled` raises to stop. What was published has its name in what is returned.

    :raises BlobUnavailable: if a blob cannot be read.
    :raises IndexTooLarge: if the new chunks exceed what a segment can hold.
    :raises IndexCorrupt: if a part of the view that is needed is damaged.
    """
    began = perf_counter()
    store.remove_building(job)
    folder = store.building_folder(job)
    listed = list(entries)
    before = nearest_snapshot(view, listed, tools.limits)
    tree = tree_of(listed, tools.limits, before)
    indexable = [file for file in tree.files if file.skip is None]
    chosen, unknown = _chosen(indexable, known_blobs(view, [file.oid for file in indexable]))
    looked_up = perf_counter()
    novelty = Novelty(view=view, tools=tools, folder=folder / ids.new_id())
    try:
        for done in _read(unknown, blobs, novelty):
            check_cancelled()
            on_progress("indexing", done, len(unknown))
        indexed = perf_counter()
        new_blobs, segment = _publish_segment(store, folder, novelty, reserve)
    except BaseException:
        novelty.abandon()
        raise
    check_cancelled()
    on_progress("publishing", len(listed), len(listed))
    of_commit = files_of(*_rows(tree, chosen | new_blobs))
    if before is not None:
        of_commit = joined(files_kept(before, np.array(tree.kept, dtype=np.int64)), of_commit)
    name = ids.new_id()
    refused = Refused(tree.refused, tree.refused_counts)
    rules = rules_of(tools.limits)
    snapshot = write_snapshot(folder / name, commit=commit, files=of_commit, refused=refused, rules=rules)
    files.publish_folder(folder / name, store.snapshot_folder(name))
    faults.reach(SNAPSHOT_PUBLISHED)
    store.remove_building(job)
    ended = perf_counter()
    return Built(
        snapshot=snapshot,
        segment=segment,
        new_chunk_count=segment.chunk_count if segment else 0,
        seconds={"look_up": looked_up - began, "index": indexed - looked_up, "publish": ended - indexed},
    )


def _chosen(
    indexable: Sequence[TreeFile], known: dict[bytes, list[Blob]]
) -> tuple[dict[BlobKey, Blob], dict[bytes, list[TreeFile]]]:
    """The known blobs that fit their paths' languages, and the files of each blob that is to be read."""
    chosen: dict[BlobKey, Blob] = {}
    unknown: dict[bytes, list[TreeFile]] = {}
    for file in indexable:
        fitting = _fitting(file, known.get(file.oid, []))
        if fitting is None:
            unknown.setdefault(file.oid, []).append(file)
        else:
            chosen[BlobKey(file.oid, fitting.grammar)] = fitting
    return chosen, unknown


def _fitting(file: TreeFile, known: Sequence[Blob]) -> Blob | None:
    for blob in known:
        if blob.skip is not None or blob.grammar == grammar_of(_language(file, blob.trait)):
            return blob
    return None


def _read(unknown: dict[bytes, list[TreeFile]], blobs: BlobSource, novelty: Novelty) -> Iterator[int]:
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


def _publish_segment(
    store: IndexStore, folder: Path, novelty: Novelty, reserve: Callable[[int], int]
) -> tuple[dict[BlobKey, Blob], SegmentRecord | None]:
    if not len(novelty):
        novelty.abandon()
        return novelty.blobs(), None
    blobs, segment = novelty.finish(reserve(len(novelty)))
    faults.reach(SEGMENT_WRITTEN)
    files.publish_folder(folder / segment.name, store.segment_folder(segment.name))
    faults.reach(SEGMENT_PUBLISHED)
    return blobs, segment


def _rows(tree: Tree, available: dict[BlobKey, Blob]) -> tuple[list[Row], dict[BlobKey, Blob]]:
    """The rows of the path table, and exactly the blobs that they name."""
    traits = {key.oid: blob.trait for key, blob in available.items()}
    rows = [_row(file, traits.get(file.oid, Trait()), available) for file in tree.files]
    skipped = {row.blob: Blob("", Trait(), row.skip, NO_CHUNKS, NO_CHUNKS) for row in rows if row.skip is not None}
    return rows, skipped | {row.blob: available[row.blob] for row in rows if row.blob in available}


def _row(file: TreeFile, trait: Trait, available: dict[BlobKey, Blob]) -> Row:
    path = file.path.decode("utf-8", "replace")
    language = language_of(path, trait=trait)
    textless = available.get(BlobKey(file.oid, ""))
    skip = file.skip or (textless.skip if textless else None)
    blob = BlobKey(file.oid, "" if skip else grammar_of(language))
    return Row(file.path, blob, language, marks_of(path) | trait.marks, file.size_bytes, skip)


def _language(file: TreeFile, trait: Trait) -> str:
    return language_of(file.path.decode("utf-8", "replace"), trait=trait)
