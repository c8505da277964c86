"""Builds the index of one commit, in proportion to what is new in it.

Blobs that the view knows are not read; chunks that it knows are not indexed. What is new goes into one segment, then
the snapshot is written; both are published by a rename, and nobody sees them before a database names them.
"""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final

import numpy as np

from grove.indexing.commit_files import files_kept, files_of, joined
from grove.indexing.model import BlobSource, Built, FileEntry
from grove.indexing.novelty import Novelty
from grove.indexing.ports import BuildTools
from grove.indexing.publishing import publish_segment
from grove.indexing.reading import blobs_for, read_into, rows_of
from grove.indexing.reuse import known_blobs, nearest_snapshot
from grove.indexing.snapshot_writer import Refused, write_snapshot
from grove.indexing.store import IndexStore
from grove.indexing.tree import rules_of, tree_of
from grove.indexing.view import IndexView
from grove.kit import faults, files, ids

SNAPSHOT_PUBLISHED: Final = faults.declare("index.snapshot_published")


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
    chosen, unknown = blobs_for(indexable, known_blobs(view, [file.oid for file in indexable]))
    looked_up = perf_counter()
    novelty = Novelty(view=view, tools=tools, folder=folder / ids.new_id())
    try:
        for done in read_into(unknown, blobs, novelty):
            check_cancelled()
            on_progress("indexing", done, len(unknown))
        indexed = perf_counter()
        new_blobs, segment = publish_segment(store, folder, novelty, reserve)
    except BaseException:
        novelty.abandon()
        raise
    check_cancelled()
    on_progress("publishing", len(listed), len(listed))
    of_commit = files_of(*rows_of(tree, chosen | new_blobs))
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
