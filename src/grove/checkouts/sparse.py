"""Only some folders of a tree: what is in them, and the files beside the folders on the way to them.

It is what git calls a cone, so that `git sparse-checkout` goes on from there. Every other file stays known to git, and
is in no folder.
"""

import os
import re
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.checkouts.beneath import write_file
from grove.checkouts.errors import SparseUnknown
from grove.checkouts.laying import state_of
from grove.checkouts.listing import LINK, SUBMODULE, Entry, Listing
from grove.checkouts.scanning import state_in
from grove.git import ObjectReader

FOLDERS_MAX: Final = 1_000
_SPECIAL: Final = re.compile(rb"[\\*?\[]")


@dataclass(frozen=True, slots=True)
class Cone:
    """Some folders of a tree, by their paths."""

    folders: tuple[bytes, ...]

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Cone":
        """The cone of some paths; those within others need not be named."""
        named = sorted({os.fsencode(path.strip("/")) for path in paths})
        return cls(tuple(path for path in named if not any(path.startswith(other + b"/") for other in named)))

    @property
    def ways(self) -> set[bytes]:
        """The folders on the way, of which only the files are in the cone."""
        return {b"", *(way for folder in self.folders for way in _above(folder))}

    def check(self, listing: Listing) -> None:
        """Return when each of them is a folder of the tree.

        :raises SparseUnknown: if one is not, or there are too many.
        """
        if len(self.folders) > FOLDERS_MAX:
            raise SparseUnknown(folders_max=FOLDERS_MAX)
        for folder in self.folders:
            if folder not in listing.folders:
                raise SparseUnknown(path=folder.decode(errors="backslashreplace"))

    def leave_out_others(self, listing: Listing) -> int:
        """Have all files outside left out; how many those are."""
        ways, count = self.ways, 0
        for entry in listing.entries:
            folder = entry.path.rpartition(b"/")[0]
            if folder not in ways and not any(
                folder == each or folder.startswith(each + b"/") for each in self.folders
            ):
                entry.is_left_out, count = True, count + 1
        return count

    def patterns(self) -> bytes:
        """What git reads in `info/sparse-checkout`."""
        lines = [b"/*", b"!/*/"]
        for folder in sorted(self.ways - {b""}):
            lines += [b"/%s/" % _escaped(folder), b"!/%s/*/" % _escaped(folder)]
        lines += [b"/%s/" % _escaped(folder) for folder in self.folders]
        return b"".join(line + b"\n" for line in lines)


def lay_entries(
    reader: ObjectReader, files: Path, entries: Sequence[Entry], *, file_bytes_max: int, written_ns: int
) -> int:
    """Write files of a tree one by one, links last; how many bytes."""
    size_bytes = 0
    for entry in sorted(entries, key=lambda each: each.mode in {LINK, SUBMODULE}):
        place = files / os.fsdecode(entry.path)
        if entry.mode == SUBMODULE:
            place.mkdir(parents=True, exist_ok=True)
            entry.state = state_of(place.lstat())
            continue
        content = reader.read(entry.oid, file_bytes_max)
        write_file(files, entry.path, content, mode=entry.mode)
        os.utime(place, ns=(written_ns, written_ns), follow_symlinks=False)
        found = place.lstat()
        entry.state = state_in(found, entry.mode)
        size_bytes += found.st_size if stat.S_ISREG(found.st_mode) else 0
    return size_bytes


def _above(folder: bytes) -> Iterable[bytes]:
    while b"/" in folder:
        folder = folder.rpartition(b"/")[0]
        yield folder


def _escaped(folder: bytes) -> bytes:
    return _SPECIAL.sub(rb"\\\g<0>", folder)
