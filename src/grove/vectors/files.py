"""Sets of vectors on disk, and the store that consists of them. Layout: docs/formats/vectors.md."""

import json
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from grove.indexing import (
    DELTA_ZSTD,
    IndexCorrupt,
    IndexMissing,
    Ordinals,
    PartsReader,
    PartsWriter,
    Scores,
    VectorIndex,
    VectorPart,
    VectorWriter,
    nearest_of,
)
from grove.kit import files, ids
from grove.vectors.model import VectorSet
from grove.vectors.ports import Floats

KIND: Final = "vectors"
FILE_NAME: Final = "vectors.grove"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class OpenSet:
    """Reads the vectors of some chunks; each kind of look-up is verified when it is first used."""

    def __init__(self, reader: PartsReader, *, name: str) -> None:
        self.name = name
        self.reader = reader
        facts = reader.facts("facts")
        self.model = str(facts.get("model", ""))
        self.ordinals: Ordinals = reader.array("ordinals", np.uint32)
        if not (np.diff(self.ordinals.astype(np.int64)) > 0).all():
            raise IndexCorrupt(name=name, part="ordinals")
        dimensions = facts.get("dimensions")
        if not isinstance(dimensions, int) or dimensions < 1:
            raise IndexCorrupt(name=name, part="facts")
        self.dimensions = dimensions
        self.vectors = VectorIndex(reader, chunk_count=self.ordinals.size, dimensions=dimensions)

    @property
    def size(self) -> int:
        """How many chunks it has vectors of."""
        return int(self.ordinals.size)

    def part(self, among: Ordinals) -> VectorPart:
        """Those of some ascending chunks that are in this set."""
        return VectorPart(self.vectors, self.ordinals, numbers_in(self.ordinals, among))


def numbers_in(ordinals: Ordinals, among: Ordinals) -> NDArray[np.int64]:
    """The positions in `ordinals` of those of `among` that are there; both ascend."""
    if not ordinals.size or not among.size:
        return np.empty(0, dtype=np.int64)
    places = np.minimum(np.searchsorted(ordinals, among), ordinals.size - 1)
    found: NDArray[np.int64] = places[ordinals[places] == among].astype(np.int64)
    return found


class VectorFiles:
    """The sets of one tenant, below the folder of its index; what is open is shared."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: WeakValueDictionary[str, OpenSet] = WeakValueDictionary()
        self._lock = Lock()

    def folder(self, name: str) -> Path:
        """Where a set is."""
        if not _NAME.fullmatch(name):
            raise IndexMissing(name=name)
        return self.root / "vectors" / name

    def open(self, name: str) -> OpenSet:
        """Map a set.

        :raises IndexMissing: if it is not there.
        :raises IndexCorrupt: if it is damaged.
        """
        with self._lock:
            found = self._open.get(name)
            if found is None:
                reader = PartsReader.open(self.folder(name) / FILE_NAME, kind=KIND)
                found = self._open[name] = OpenSet(reader, name=name)
            return found

    def verify(self, name: str, *, checksum: str) -> None:
        """Read a set whole, from the disk as it is now; it must be the one of that checksum.

        :raises IndexMissing: if it is not there.
        :raises IndexCorrupt: if any byte of it is not what was written.
        """
        reader = PartsReader.open(self.folder(name) / FILE_NAME, kind=KIND)
        reader.require(checksum)
        reader.verify()
        OpenSet(reader, name=name)

    def write(
        self,
        *,
        job: str,
        model: str,
        ordinals: Ordinals,
        rows: Callable[[int, int], Floats],
        texts_cut: int,
        copied_to: str | None = None,
    ) -> VectorSet:
        """Publish a set by a rename: `rows` gives the vectors from one position to another; no reader knows it yet."""
        name = ids.new_id()
        building = self.root / "building" / f"{job}-vectors"
        files.remove_tree(building)
        (building / name).mkdir(parents=True)
        parts = PartsWriter(building / name / FILE_NAME, kind=KIND)
        writer, dimensions = VectorWriter(), 0
        for begin in range(0, ordinals.size, _ROWS):
            vectors = rows(begin, min(begin + _ROWS, ordinals.size))
            dimensions = vectors.shape[1]
            writer.add(vectors)
        parts.add("ordinals", ordinals.astype(np.uint32), encoding=DELTA_ZSTD)
        writer.write(parts)
        parts.add("facts", json.dumps({"model": model, "dimensions": dimensions}, sort_keys=True).encode())
        checksum = parts.finish()
        stored_bytes = (building / name / FILE_NAME).stat().st_size
        files.publish_folder(building / name, self.folder(name))
        files.remove_tree(building)
        return VectorSet(
            name=name,
            model=model,
            dimensions=dimensions,
            chunk_count=ordinals.size,
            texts_cut=texts_cut,
            stored_bytes=stored_bytes,
            checksum=checksum,
            copied_to=copied_to,
        )

    def fold(self, sets: Sequence[VectorSet], *, keep: Ordinals, job: str) -> VectorSet | None:
        """Publish one set of those vectors of several, by one model, whose chunks are in `keep`; `None` if none is."""
        opened = [self.open(each.name) for each in sets]
        kept = [numbers_in(each.ordinals, keep) for each in opened]
        ordinals = np.concatenate([each.ordinals[numbers] for each, numbers in zip(opened, kept, strict=True)])
        if not ordinals.size:
            return None
        owners = np.repeat(np.arange(len(opened)), [numbers.size for numbers in kept])
        order = np.argsort(ordinals, kind="stable")
        owners, numbers = owners[order], np.concatenate(kept)[order]

        def rows(begin: int, end: int) -> Floats:
            found = np.empty((end - begin, opened[0].dimensions), dtype=np.float32)
            for owner, each in enumerate(opened):
                of_owner = np.flatnonzero(owners[begin:end] == owner)
                found[of_owner] = each.vectors.vectors(numbers[begin:end][of_owner])
            return found

        places = {each.copied_to for each in sets}
        return self.write(
            job=job,
            model=sets[0].model,
            ordinals=ordinals[order],
            rows=rows,
            texts_cut=sum(each.texts_cut for each in sets),
            copied_to=places.pop() if len(places) == 1 else None,
        )

    def remove(self, name: str) -> None:
        """Remove a set from disk; who has it open keeps working."""
        files.remove_tree(self.folder(name))

    def sweep(self, named: Collection[str]) -> list[Path]:
        """Remove what is not among the named sets; only while nobody else writes. Gives what was removed."""
        doomed = [path for path in self.root.glob("vectors/*") if path.name not in named]
        for path in doomed:
            files.remove_tree(path)
        return doomed


def nearest_in(opened: Sequence[OpenSet], among: Ordinals, vector: Floats, *, limit: int) -> tuple[Ordinals, Scores]:
    """The `limit` nearest of some ascending chunks that are in these sets, best first."""
    parts = [each.part(among) for each in opened if each.dimensions == vector.size]
    return nearest_of([part for part in parts if part.numbers.size], vector, limit=limit)


_ROWS: Final = 4_096
