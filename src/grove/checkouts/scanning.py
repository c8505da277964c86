"""What was changed in a folder since its files were laid out, found without git.

Whatever is unchanged by its state is not read. What is read is only read: no setting, filter or link in the folder
means anything here, and a git repository within it is left out.
"""

import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grove.checkouts.beneath import folder_beneath, read_file
from grove.checkouts.errors import CheckoutTooLarge
from grove.checkouts.ignoring import IGNORE_BYTES_MAX, Ignored
from grove.checkouts.laying import state_of
from grove.checkouts.listing import EXECUTABLE, FILE, LINK, PATH_BYTES_MAX, SUBMODULE, Entry, Listing
from grove.checkouts.model import CheckoutLimits
from grove.git import blob_oid, is_safe_path

GIT: Final = b".git"
IGNORE: Final = b".gitignore"
LEFT_OUT_MAX: Final = 100
_DEVICE: Final = slice(16, 20)
_MODE: Final = slice(24, 28)


@dataclass(slots=True, kw_only=True)
class Found:
    """What a folder has that was not laid there so: entries that are new or changed, and paths that are gone."""

    changed: dict[bytes, Entry] = field(default_factory=dict)
    gone: list[bytes] = field(default_factory=list)
    left_out: dict[bytes, str] = field(default_factory=dict)

    def leave_out(self, path: bytes, reason: str) -> None:
        """Tell of something that is not taken; not of everything, if there is no end to it."""
        if len(self.left_out) < LEFT_OUT_MAX:
            self.left_out[path] = reason


@dataclass(slots=True, kw_only=True)
class Scan:
    """One walk over a folder; `keep` is given each content that is new."""

    root: Path
    laid: Listing
    limits: CheckoutLimits
    keep: Callable[[bytes], None]
    apart: frozenset[bytes] = frozenset()
    """Paths that are passed over."""
    found: Found = field(default_factory=Found)
    _known: dict[bytes, Entry] = field(default_factory=dict)
    _folders: set[bytes] = field(default_factory=set)
    _ignored: Ignored = field(default_factory=Ignored)
    _seen: set[bytes] = field(default_factory=set)
    _bytes: int = 0
    _entries: int = 0

    def run(self) -> Found:
        """Walk the folder.

        :raises CheckoutTooLarge: if there is more in it, or more has changed, than is taken.
        """
        self._known = {entry.path: entry for entry in self.laid.entries}
        for path in self._known:
            folder = path.rpartition(b"/")[0]
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition(b"/")[0]
        deadline = time.monotonic() + self.limits.tree.seconds_max
        waiting = [b""]
        while waiting:
            if time.monotonic() > deadline:
                raise CheckoutTooLarge(seconds_max=self.limits.tree.seconds_max)
            waiting += self._scan_folder(waiting.pop())
        self.found.gone = [
            path for path, entry in self._known.items() if path not in self._seen and not entry.is_left_out
        ]
        return self.found

    def _scan_folder(self, folder: bytes) -> list[bytes]:
        """Look at all in one folder; the folders to look at next."""
        below: list[bytes] = []
        prefix = folder + b"/" if folder else b""
        try:
            with folder_beneath(self.root, folder) as opened:
                names = sorted(os.fsencode(name) for name in os.listdir(opened))  # noqa: PTH208 - an open folder
                self._entries += len(names)
                if self._entries > self.limits.tree.entries_max:
                    raise CheckoutTooLarge(entries_max=self.limits.tree.entries_max)
                if folder and GIT in names:
                    self.found.leave_out(folder, "it is a git repository of its own")
                    self._seen.update(path for path in self._known if path.startswith(prefix) or path == folder)
                    return []
                if IGNORE in names and (rules := read_file(opened, IGNORE, bytes_max=IGNORE_BYTES_MAX)):
                    self._ignored.add(folder, rules[1])
                for name, state in self._states(opened, names):
                    if stat.S_ISDIR(state.st_mode):
                        below += self._below(prefix + name)
                    else:
                        self._look_at(opened, prefix + name, name, state)
        except (FileNotFoundError, PermissionError):
            self.found.leave_out(folder, "it cannot be read")
            self._seen.update(path for path in self._known if path.startswith(prefix))
        return below

    def _states(self, folder: int, names: list[bytes]) -> Iterator[tuple[bytes, os.stat_result]]:
        for name in names:
            try:
                yield name, os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue

    def _below(self, path: bytes) -> list[bytes]:
        known = self._known.get(path)
        if path == GIT or (known is not None and known.mode == SUBMODULE):
            self._seen.add(path)
            return []
        if path not in self._folders and self._ignored.covers(path, is_folder=True):
            return []
        if path.count(b"/") >= self.limits.tree.depth_max or len(path) > PATH_BYTES_MAX or not is_safe_path(path):
            self.found.leave_out(path, "no folder of a repository can be named so")
            return []
        return [path]

    def _look_at(self, folder: int, path: bytes, name: bytes, state: os.stat_result) -> None:
        known = self._known.get(path)
        if known is None and (path in self.apart or self._ignored.covers(path, is_folder=False)):
            return
        self._seen.add(path)
        if known is not None and _is_unchanged(known, state):
            return
        if not is_safe_path(path) or len(path) > PATH_BYTES_MAX:
            self.found.leave_out(path, "no file of a repository can be named so")
            return
        read = self._read(folder, name, state)
        if read is None:
            self.found.leave_out(path, "it is too large, no plain file, or cannot be read")
            return
        mode, seen, content = read
        oid = blob_oid(content)
        entry = Entry(path=path, mode=mode, oid=oid, state=state_in(seen, mode))
        self.found.changed[path] = entry
        if known is None or known.oid != oid:
            self._bytes += len(content)
            if self._bytes > self.limits.bytes_max:
                raise CheckoutTooLarge(bytes_max=self.limits.bytes_max)
            self.keep(content)

    def _read(self, folder: int, name: bytes, state: os.stat_result) -> tuple[int, os.stat_result, bytes] | None:
        if stat.S_ISLNK(state.st_mode):
            try:
                return LINK, state, os.fsencode(os.readlink(name, dir_fd=folder))
            except OSError:
                return None
        if not stat.S_ISREG(state.st_mode):
            return None
        read = read_file(folder, name, bytes_max=self.limits.file_bytes_max)
        if read is None:
            return None
        return (EXECUTABLE if read[0].st_mode & 0o100 else FILE), *read


def state_in(found: os.stat_result, mode: int) -> bytes:
    """A file's state as git's index holds it, with the mode by which git knows it."""
    state = bytearray(state_of(found))
    state[_MODE] = mode.to_bytes(4)
    return bytes(state)


def _is_unchanged(known: Entry, found: os.stat_result) -> bool:
    """Whether a file is as it was left, by all that the disk tells of it but its device, which a mount may change."""
    if known.is_left_out or stat.S_IFMT(found.st_mode) != stat.S_IFMT(known.mode):
        return False
    now = state_in(found, known.mode)
    return now[: _DEVICE.start] + now[_DEVICE.stop :] == known.state[: _DEVICE.start] + known.state[_DEVICE.stop :]
