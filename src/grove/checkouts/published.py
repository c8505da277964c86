"""Published trees: the files of a tree in a form from which they are laid out quickly, as often as they are wanted.

The contents lie one after the other in a single file. Each published tree is made aside and renamed, is never changed
afterwards, and is removed when it was not used for longest and there is no more room.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.checkouts.errors import CheckoutTooLarge
from grove.checkouts.index_file import write_index
from grove.checkouts.lasting import boot_id
from grove.checkouts.laying import CLONE_BYTES_MIN, NUMBERS
from grove.checkouts.listing import LINK, SUBMODULE, Entry, Listing
from grove.checkouts.model import CheckoutLimits
from grove.git import ObjectReader

BLOCK_BYTES: Final = 4096
LINK_BYTES_MAX: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a published tree: how many files, links and submodules are laid out, and their bytes."""

    files: int
    links: int
    submodules: int
    size_bytes: int
    written_ns: int
    boot: str
    """The run of the machine in which it was made."""
    left_out: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTree:
    """A tree on disk, ready to be laid out."""

    folder: Path
    tree: str
    facts: Facts

    @classmethod
    def open(cls, folder: Path) -> "PublishedTree | None":
        """The tree in a folder, which counts as used now; nothing if none was published there."""
        found = cls.read(folder)
        if found is not None:
            os.utime(folder)
        return found

    @classmethod
    def read(cls, folder: Path) -> "PublishedTree | None":
        """The tree in a folder; nothing if none was published there."""
        try:
            facts = json.loads((folder / "facts.json").read_bytes())
        except FileNotFoundError:
            return None
        return cls(folder=folder, tree=folder.name, facts=Facts(**facts))

    def index(self) -> bytes:
        """Git's index of the tree, without the states of files."""
        return (self.folder / "index").read_bytes()

    def places(self) -> NDArray[np.int64]:
        """Where the state of each file, link and submodule is in the index, in the order of the manifest."""
        return np.fromfile(self.folder / "places", dtype="<i8").astype(np.int64)

    def numbers(self) -> list[tuple[int, int, int]]:
        """Where the content of each begins, how long it is, and its mode, in the order of the manifest."""
        return list(NUMBERS.iter_unpack((self.folder / "numbers").read_bytes()))

    def others(self) -> Iterator[tuple[bytes, int, bytes]]:
        """Links and submodules: path, mode, and where a link leads."""
        first = self.facts.files
        paths = (self.folder / "paths").read_bytes().split(b"\0")[first:]
        with (self.folder / "contents").open("rb") as contents:
            for path, (begin, length, mode) in zip(paths, self.numbers()[first:], strict=False):
                yield path, mode, os.pread(contents.fileno(), length, begin)


def admitted(reader: ObjectReader, listing: Listing, limits: CheckoutLimits) -> dict[str, int]:
    """The size of each content that is laid out; what is missing or too large is left out.

    :raises CheckoutTooLarge: if they take more than a checkout may.
    """
    laid = [entry for entry in listing.entries if entry.mode != SUBMODULE and not entry.is_left_out]
    wanted = list(dict.fromkeys(entry.oid for entry in laid))
    sizes = {info.oid: info.size_bytes for info in reader.infos(wanted) if info is not None}
    total = 0
    for entry in laid:
        size = sizes.get(entry.oid)
        if size is None:
            listing.leave_out(entry, "its content is missing in the mirror")
        elif size > (LINK_BYTES_MAX if entry.mode == LINK else limits.file_bytes_max):
            listing.leave_out(entry, "it is too large")
        else:
            total += size
    if total > limits.bytes_max:
        raise CheckoutTooLarge(bytes=total, bytes_max=limits.bytes_max)
    return sizes


def describe_tree(
    folder: Path, listing: Listing, *, sizes: Mapping[str, int], written_ns: int
) -> tuple[PublishedTree, list[int]]:
    """Write down in a folder which files a tree has, and make room for their contents; their numbers, in its order."""
    kept = [number for number, entry in enumerate(listing.entries) if not entry.is_left_out]
    order = sorted(kept, key=lambda number: _rank(listing.entries[number]))
    chosen = [listing.entries[number] for number in order]
    begins = _write_room(folder / "contents", chosen, sizes)
    numbers = (
        NUMBERS.pack(begins.get(entry.oid, 0), 0 if entry.mode == SUBMODULE else sizes[entry.oid], entry.mode)
        for entry in chosen
    )
    (folder / "numbers").write_bytes(b"".join(numbers))
    (folder / "paths").write_bytes(b"\0".join(entry.path for entry in chosen))
    ranks = [_rank(entry) for entry in chosen]
    facts = Facts(
        files=ranks.count(0),
        links=ranks.count(1),
        submodules=ranks.count(2),
        size_bytes=sum(sizes[entry.oid] for entry in chosen if entry.mode != SUBMODULE),
        written_ns=written_ns,
        boot=boot_id(),
        left_out={path.decode(errors="backslashreplace"): why for path, why in sorted(listing.left_out.items())},
    )
    (folder / "facts.json").write_text(json.dumps(asdict(facts)))
    return PublishedTree(folder=folder, tree=listing.folders[b""], facts=facts), order


def describe_index(folder: Path, listing: Listing, order: Sequence[int]) -> None:
    """Write down git's index of a tree, and where the states of its files are in it."""
    index, places = write_index(listing)
    (folder / "places").write_bytes(places[order].astype("<i8").tobytes())
    (folder / "index").write_bytes(index)


def _rank(entry: Entry) -> int:
    """Files first, then links, so that no file can be written through one, then submodules."""
    return {LINK: 1, SUBMODULE: 2}.get(entry.mode, 0)


def _write_room(contents: Path, entries: Sequence[Entry], sizes: Mapping[str, int]) -> dict[str, int]:
    """Make room for each content once; where it begins. Large ones begin at a block, so that it can be shared."""
    begins: dict[str, int] = {}
    position = 0
    for entry in entries:
        if entry.mode == SUBMODULE or entry.oid in begins:
            continue
        if sizes[entry.oid] >= CLONE_BYTES_MIN:
            position = -(-position // BLOCK_BYTES) * BLOCK_BYTES
        begins[entry.oid] = position
        position += sizes[entry.oid]
    with contents.open("xb") as file:
        file.truncate(position)
    return begins
