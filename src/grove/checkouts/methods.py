"""How files come into a folder: the methods in the order in which they are fast, and which of them work here.

A method is believed only after it was tried, in the data folder itself: whether a disk can share blocks, or a mount is
allowed, no version or name tells.
"""

import fcntl
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from grove.checkouts import system
from grove.checkouts.model import CheckoutMethod
from grove.kit.errors import is_full

_CLONE: Final = 0x40049409
_BLOCK: Final = bytes(4096)


@cache
def working_methods(folder: Path, allowed: tuple[CheckoutMethod, ...]) -> tuple[CheckoutMethod, ...]:
    """The allowed methods that work below a folder, in their order; tried once in the life of a process.

    :raises OSError: if there is no room to try them.
    """
    return tuple(method for method in allowed if not why_not(method, folder))


def why_not(method: CheckoutMethod, folder: Path) -> str:
    """Why a method does not work below a folder, as the system says it; nothing if it does.

    :raises OSError: if there is no room to try it.
    """
    probe = _PROBES.get(method)
    if probe is None:
        return ""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix=".probe-", dir=folder) as place:
        try:
            probe(Path(place))
        except OSError as error:
            if is_full(error):  # that tells nothing of the method
                raise
            return error.strerror or str(error)
    return ""


def _try_btrfs(place: Path) -> None:
    system.make_subvolume(place / "one")
    try:
        system.snapshot_subvolume(place / "one", place / "two")
        system.remove_subvolume(place / "two")
    finally:
        # Who may make one may not always remove it; then it is emptied and removed like a folder.
        (place / "one").rmdir()


def _try_overlay(place: Path) -> None:
    for name in ("lower", "upper", "work", "files"):
        (place / name).mkdir()
    (place / "lower/file").write_bytes(b"below")
    system.mount_overlay(place / "files", lower=place / "lower", upper=place / "upper", work=place / "work")
    try:
        (place / "files/file").write_bytes(b"above")
        if (place / "lower/file").read_bytes() != b"below" or not (place / "upper/file").exists():
            raise OSError("the overlay does not keep what is below it")
    finally:
        system.unmount_beneath(place)


def _try_clone(place: Path) -> None:
    (place / "one").write_bytes(_BLOCK)
    with (place / "one").open("rb") as one, (place / "two").open("wb") as two:
        fcntl.ioctl(two.fileno(), _CLONE, one.fileno())


_PROBES: Final[dict[CheckoutMethod, Callable[[Path], None]]] = {
    CheckoutMethod.BTRFS: _try_btrfs,
    CheckoutMethod.OVERLAY: _try_overlay,
    CheckoutMethod.CLONE: _try_clone,
}
