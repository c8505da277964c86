"""Reading objects by their ids, through git processes that answer as long as they are asked."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from grove.git.complaints import clean_lines
from grove.git.errors import (
    GitTimeout,
    ObjectMissing,
    ObjectTooLarge,
    PathMissing,
    RefRefused,
    RepositoryCorrupt,
    RevisionAmbiguous,
)
from grove.git.model import MIB, EntryKind, ObjectInfo, TreeEntry
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner
from grove.git.trees import FOLDER_MODE, kind_of, parse_tree
from grove.sandbox import ChildDied, ChildTimeout, Running

BLOB_BYTES_MAX: Final = 64 * MIB
TREE_BYTES_MAX: Final = 64 * MIB
_WINDOW: Final = 256
_INFOS_WINDOW: Final = 4096
_HEADER_BYTES_MAX: Final = 4096
_DIGITS: Final = re.compile(r"[0-9a-f]{7,64}")
_CHECK: Final = "--batch-check"
_READ: Final = "--batch"


class ObjectReader:
    """Reads objects of one repository. Use it as a context manager; it belongs to one thread at a time."""

    def __init__(self, runner: Runner, git_dir: Path) -> None:
        self._runner = runner
        self._git_dir = git_dir
        self._waiting: dict[str, Running] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._waiting:
            self._waiting.popitem()[1].kill()

    def info(self, oid: str) -> ObjectInfo:
        """An object's type and size, without reading it.

        :raises ObjectMissing: if there is no such object.
        """
        return self._infos([oid])[0]

    def find(self, name: str) -> ObjectInfo | None:
        """What a checked name stands for: an id or its beginning, or one with a suffix such as `^{commit}`.

        :raises RevisionAmbiguous: if it is the beginning of more than one id.
        """
        return self._look_up([name])[0]

    def read(self, oid: str, bytes_max: int = BLOB_BYTES_MAX) -> bytes:
        """The content of an object; its size is known before it is read.

        :raises ObjectMissing: if there is no such object.
        :raises ObjectTooLarge: if it has more than `bytes_max` bytes.
        """
        info = _admitted(self.info(oid), bytes_max)
        with self._asking(_READ) as running:
            _ask(running, [oid])
            return _content(running, info)

    def read_start(self, oid: str, bytes_max: int) -> bytes:
        """The first bytes of an object, however large it is.

        :raises ObjectMissing: if there is no such object.
        """
        info = self.info(oid)
        if info.size_bytes <= bytes_max:
            return self.read(oid, bytes_max)
        with self._asking(_READ, keep=False) as running:
            _ask(running, [oid])
            _expect(running, info)
            return running.read_exactly(bytes_max)

    def read_blobs(self, oids: Sequence[str], bytes_max: int = BLOB_BYTES_MAX) -> Iterator[tuple[str, bytes]]:
        """Yield every blob with its id, in the order asked.

        :raises ObjectMissing: at the first that is missing.
        :raises ObjectTooLarge: at the first that has more than `bytes_max` bytes.
        """
        with self._asking(_READ, keep=False) as running:
            for begin in range(0, len(oids), _WINDOW):
                window = oids[begin : begin + _WINDOW]
                infos = [_admitted(info, bytes_max) for info in self._infos(window)]
                _ask(running, window)
                for info in infos:
                    yield info.oid, _content(running, info)

    def infos(self, oids: Sequence[str]) -> list[ObjectInfo | None]:
        """Type and size of many objects, in the order asked; nothing for one that git cannot give."""
        found: list[ObjectInfo | None] = []
        for begin in range(0, len(oids), _INFOS_WINDOW):
            found += self._look_up([check_oid(oid) for oid in oids[begin : begin + _INFOS_WINDOW]])
        return found

    def peel(self, name: str) -> str | None:
        """The commit that an id, or the beginning of one, leads to; nothing if it leads to none.

        :raises RevisionAmbiguous: if it is the beginning of more than one id.
        """
        if not _DIGITS.fullmatch(name):
            raise RefRefused
        with self._asking(_READ) as running:
            found = _answer(running, f"{name}^{{commit}}", TREE_BYTES_MAX)
        if found is None:
            # Only without the suffix will git tell digits that are too few from digits that are wrong.
            self.find(name)
        return found[0] if found else None

    def read_root(self, commit: str, bytes_max: int = TREE_BYTES_MAX) -> tuple[str, bytes]:
        """The id and the content of a commit's root folder; `commit` may also be the id of a tag.

        :raises ObjectMissing: if there is no such commit.
        """
        with self._asking(_READ) as running:
            found = _answer(running, f"{check_oid(commit)}^{{tree}}", bytes_max)
        if found is None:
            raise ObjectMissing(oid=commit)
        return found

    def read_all(self, oids: Sequence[str], bytes_max: int = TREE_BYTES_MAX) -> Iterator[tuple[str, bytes]]:
        """Yield the content of every folder or commit with its id, in the order asked.

        :raises ObjectMissing: at the first that is missing.
        :raises ObjectTooLarge: at the first that has more than `bytes_max` bytes.
        """
        with self._asking(_READ) as running:
            for begin in range(0, len(oids), _WINDOW):
                window = [check_oid(oid) for oid in oids[begin : begin + _WINDOW]]
                _ask(running, window)
                for oid in window:
                    found = _received(running, bytes_max)
                    if found is None:
                        raise ObjectMissing(oid=oid)
                    yield found

    def pour(self, *, names: int, into: int) -> Running:
        """Have git write the objects that one open file names line by line to another, as `cat-file --batch` does."""
        call = Call(command="cat-file", options=(_READ, "--buffer"), git_dir=self._git_dir)
        return self._runner.pour(call, stdin=names, stdout=into)

    def entry_at(self, commit: str, path: bytes) -> TreeEntry:
        """What is at a path of a commit; the empty path is its root folder.

        :raises PathMissing: if there is nothing.
        """
        tree = self.find(f"{check_oid(commit)}^{{tree}}")
        if tree is None:
            raise ObjectMissing(oid=commit)
        mode, oid = FOLDER_MODE, tree.oid
        for name in path.split(b"/") if path else ():
            mode, oid = self._child(mode, oid, name, path=path)
        kind = kind_of(mode)
        size_bytes = self.info(oid).size_bytes if kind in {EntryKind.FILE, EntryKind.SYMLINK} else 0
        return TreeEntry(path=path, mode=mode, kind=kind, oid=oid, size_bytes=size_bytes)

    def blob_at(self, commit: str, path: bytes, bytes_max: int = BLOB_BYTES_MAX) -> bytes:
        """The content of the file at a path of a commit; of a symbolic link, where it points to.

        :raises PathMissing: if there is no file.
        :raises ObjectTooLarge: if it has more than `bytes_max` bytes.
        """
        entry = self.entry_at(commit, path)
        if entry.kind not in {EntryKind.FILE, EntryKind.SYMLINK}:
            raise PathMissing(path=path.decode(errors="backslashreplace"), reason="it is no file")
        return self.read(entry.oid, bytes_max)

    def _child(self, mode: int, oid: str, name: bytes, *, path: bytes) -> tuple[int, str]:
        if kind_of(mode) is EntryKind.FOLDER:
            for child_mode, child_name, child_oid in parse_tree(
                self.read(oid, TREE_BYTES_MAX), oid_bytes=len(oid) // 2
            ):
                if child_name == name:
                    return child_mode, child_oid
        raise PathMissing(path=path.decode(errors="backslashreplace"))

    def _infos(self, oids: Sequence[str]) -> list[ObjectInfo]:
        infos = []
        for oid, info in zip(oids, self._look_up([check_oid(oid) for oid in oids]), strict=True):
            if info is None:
                raise ObjectMissing(oid=oid)
            infos.append(info)
        return infos

    def _look_up(self, names: Sequence[str]) -> list[ObjectInfo | None]:
        with self._asking(_CHECK) as running:
            _ask(running, names)
            headers = [_header(running) for _ in names]
        return [_parse_header(header) for header in headers]

    @contextmanager
    def _asking(self, option: str, *, keep: bool = True) -> Iterator[Running]:
        """A process to ask: one that waits, or a new one. It waits again if it answered all that it was asked."""
        waiting = self._waiting.pop(option, None) if keep else None
        running = waiting or self._runner.start(Call(command="cat-file", options=(option,), git_dir=self._git_dir))
        try:
            yield running
        except ChildTimeout as error:
            keep = False
            raise GitTimeout(command="cat-file") from error
        except ChildDied as error:
            keep = False
            raise RepositoryCorrupt(detail="; ".join(clean_lines(running.complaints))) from error
        except BaseException:
            keep = False
            raise
        finally:
            if keep:
                self._waiting[option] = running
            else:
                running.kill()


def _ask(running: Running, names: Sequence[str]) -> None:
    running.write("".join(f"{name}\n" for name in names).encode())


def _header(running: Running) -> str:
    line = running.read_until(b"\n", bytes_max=_HEADER_BYTES_MAX)
    if line is None:
        raise ChildDied(reason="output ended")
    return line.decode(errors="replace")


def _parse_header(header: str) -> ObjectInfo | None:
    *_, oid, kind, size = f"- {header}".rsplit(" ", 2)
    if size == "ambiguous":
        raise RevisionAmbiguous
    return None if size == "missing" else ObjectInfo(oid=oid.removeprefix("- "), type=kind, size_bytes=int(size))


def _expect(running: Running, info: ObjectInfo) -> None:
    if _parse_header(_header(running)) != info:
        raise ChildDied(reason="another object than asked for")


def _content(running: Running, info: ObjectInfo) -> bytes:
    _expect(running, info)
    return running.read_exactly(info.size_bytes + 1)[:-1]


def _answer(running: Running, name: str, bytes_max: int) -> tuple[str, bytes] | None:
    _ask(running, [name])
    return _received(running, bytes_max)


def _received(running: Running, bytes_max: int) -> tuple[str, bytes] | None:
    """The id and the content of what was asked for; nothing if it is missing."""
    info = _parse_header(_header(running))
    if info is None:
        return None
    _admitted(info, bytes_max)
    return info.oid, running.read_exactly(info.size_bytes + 1)[:-1]


def _admitted(info: ObjectInfo, bytes_max: int) -> ObjectInfo:
    if info.size_bytes > bytes_max:
        raise ObjectTooLarge(oid=info.oid, size_bytes=info.size_bytes, bytes_max=bytes_max)
    return info
