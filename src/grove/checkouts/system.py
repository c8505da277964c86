"""What only the kernel can do: snapshots of btrfs subvolumes, and overlay mounts."""

import ctypes
import fcntl
import os
import re
import struct
from pathlib import Path
from typing import Final

_SUBVOLUME_CREATE: Final = 0x5000940E
_SNAPSHOT_DESTROY: Final = 0x5000940F
_SNAPSHOT_CREATE: Final = 0x50009417
_NOSUID_NODEV: Final = 2 | 4
_DETACH: Final = 2
_ESCAPED: Final = re.compile(rb"\\([0-7]{3})")
_MOUNTS: Final = Path("/proc/self/mountinfo")


def make_subvolume(path: Path) -> None:
    """Make an empty btrfs subvolume.

    :raises OSError: if the disk is no btrfs, or it is not allowed.
    """
    _ask(path.parent, _SUBVOLUME_CREATE, struct.pack("q4088s", 0, os.fsencode(path.name)))


def snapshot_subvolume(source: Path, path: Path) -> None:
    """Make a writable snapshot of a btrfs subvolume, in the same time whatever is in it.

    :raises OSError: if the disk is no btrfs, or it is not allowed.
    """
    descriptor = os.open(source, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _ask(path.parent, _SNAPSHOT_CREATE, struct.pack("qQQ32x4040s", descriptor, 0, 0, os.fsencode(path.name)))
    finally:
        os.close(descriptor)


def remove_subvolume(path: Path) -> None:
    """Remove a btrfs subvolume at once with all that is in it.

    :raises OSError: if it is none, or it is not allowed.
    """
    _ask(path.parent, _SNAPSHOT_DESTROY, struct.pack("q4088s", 0, os.fsencode(path.name)))


def mount_overlay(target: Path, *, lower: Path, upper: Path, work: Path) -> None:
    """Show a folder as it is below, with changes kept above.

    :raises OSError: if it is not allowed, or the disk cannot.
    """
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"overlay", os.fsencode(target), b"overlay", _NOSUID_NODEV, os.fsencode(options)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def unmount_beneath(folder: Path) -> None:
    """Take away every mount below a folder, though somebody may be in it.

    :raises OSError: if it is not allowed.
    """
    library = ctypes.CDLL(None, use_errno=True)
    for place in mounts_beneath(folder):
        if library.umount2(os.fsencode(place), _DETACH) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(place))


def mounts_beneath(folder: Path) -> list[Path]:
    """What is mounted below a folder, the innermost first."""
    if not _MOUNTS.exists():
        return []
    fields = (line.split(b" ") for line in _MOUNTS.read_bytes().splitlines())
    places = (Path(os.fsdecode(_ESCAPED.sub(lambda found: bytes((int(found[1], 8),)), words[4]))) for words in fields)
    return sorted((place for place in places if place != folder and place.is_relative_to(folder)), reverse=True)


def _ask(folder: Path, request: int, argument: bytes) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(descriptor, request, bytearray(argument))
    finally:
        os.close(descriptor)
