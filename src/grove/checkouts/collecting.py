"""Bringing a folder and its workspace together: what was changed in either since is then in both.

A file that was changed in both ways stops it before anything is done: nothing is lost, and nothing half done.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grove.checkouts.bringing import Changes, bring_files, tree_changes
from grove.checkouts.errors import CheckoutConflict
from grove.checkouts.index_file import read_index, write_index
from grove.checkouts.listing import Entry, Listing
from grove.checkouts.model import CheckoutLimits
from grove.checkouts.scanning import Found, Scan
from grove.git import Git, Importer
from grove.kit.files import write_durably

REF: Final = "refs/grove/collected"
BATCH_BYTES_MAX: Final = 32 * 1024 * 1024
CONFLICTS_TOLD_MAX: Final = 20


@dataclass(slots=True, kw_only=True)
class Collection:
    """What a folder has that its workspace lacks; `laid` is what was in it when both were last the same."""

    git: Git
    git_dir: Path
    files: Path
    record: Path
    limits: CheckoutLimits
    apart: frozenset[bytes] = frozenset()
    """Files that are never taken: they were brought along, and belong to nobody's commit."""
    laid: Listing = field(init=False)
    found: Found = field(init=False)
    mine: Changes = field(init=False)
    written_bytes: int = 0
    _batch: list[bytes] = field(default_factory=list)
    _batch_bytes: int = 0

    def look(self) -> None:
        """Walk the folder, and keep every content that is new.

        :raises IndexUnreadable: if the record of what was laid out is damaged.
        :raises CheckoutTooLarge: if there is more in it than may be.
        """
        self.laid = read_index(self.record.read_bytes())
        self.found = Scan(root=self.files, laid=self.laid, limits=self.limits, keep=self._keep, apart=self.apart).run()
        self._flush()
        known = {entry.path: entry for entry in self.laid.entries}
        self.mine = dict.fromkeys(self.found.gone)
        for path, entry in self.found.changed.items():
            before = known.get(path)
            if before is None or (before.mode, before.oid) != (entry.mode, entry.oid):
                self.mine[path] = (entry.mode, entry.oid)

    def merge(self, tree: str) -> tuple[str, Changes]:
        """The workspace's tree with what was changed in the folder, and what the folder lacks of it.

        :raises CheckoutConflict: if a file was changed here and there.
        """
        with self.git.objects(self.git_dir) as reader:
            theirs = tree_changes(reader, self.laid.folders[b""], tree)
            both = {path for path, now in self.mine.items() if path in theirs and theirs[path] == now}
            mine = {path: now for path, now in self.mine.items() if path not in both}
            theirs = {path: now for path, now in theirs.items() if path not in both}
            _check_apart(mine, theirs)
            if not mine:
                return tree, theirs
            commit = Importer(self.git.config, self.git_dir).tree_with(tree, mine, ref=REF)
        with self.git.objects(self.git_dir) as reader:
            return reader.read_root(commit)[0], theirs

    def bring(self, tree: str, theirs: Changes) -> None:
        """Change in the folder what it lacks, and write down what it holds now.

        :raises CheckoutConflict: if somebody was quicker.
        """
        entries = {entry.path: entry for entry in self.laid.entries}
        for path in self.found.gone:
            entries.pop(path, None)
        entries.update(self.found.changed)
        with self.git.objects(self.git_dir) as reader:
            bring_files(reader, self.files, entries, theirs, file_bytes_max=self.limits.file_bytes_max)
        write_record(self.record, entries, tree=tree)

    def _keep(self, content: bytes) -> None:
        self.written_bytes += len(content)
        self._batch.append(content)
        self._batch_bytes += len(content)
        if self._batch_bytes >= BATCH_BYTES_MAX:
            self._flush()

    def _flush(self) -> None:
        if self._batch:
            Importer(self.git.config, self.git_dir).keep(self._batch)
        self._batch, self._batch_bytes = [], 0


def write_record(record: Path, entries: Mapping[bytes, Entry], *, tree: str) -> None:
    """Write down which files a folder has, and how each is."""
    listing = Listing(entries=sorted(entries.values(), key=lambda entry: entry.path), folders={b"": tree})
    write_durably(record, write_index(listing)[0])


def _check_apart(mine: Mapping[bytes, object], theirs: Mapping[bytes, object]) -> None:
    """Return when no path was changed in both ways, and none is a folder on the way to the other."""
    clashes = mine.keys() & theirs.keys()
    for some, others in ((mine, theirs), (theirs, mine)):
        for path in some:
            folder = path.rpartition(b"/")[0]
            while folder:
                if others.get(folder) is not None:
                    clashes.add(folder)
                folder = folder.rpartition(b"/")[0]
    if clashes:
        told = sorted(path.decode(errors="backslashreplace") for path in clashes)
        raise CheckoutConflict(paths=told[:CONFLICTS_TOLD_MAX])
