"""Files and folders at any commit, from the mirror."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from grove.git import EntryKind, PathMissing, TreeEntry
from grove.indexing import shown, stored
from grove.languages import language_of
from grove.mirrors import MirrorReader
from grove.repositories import Repository

FILE_BYTES_MAX = 16 * 1024 * 1024
SNIFFED_BYTES = 8_000
TREE_ENTRIES_MAX = 10_000
LANGUAGE_BYTES = 256
DEPTH_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file of a commit; `content` are its bytes as they were committed."""

    repository: str
    repository_id: str
    commit: str
    path: str
    oid: str
    size_bytes: int
    content: bytes
    language: str
    binary: bool

    def lines(self) -> list[str]:
        """Its lines as git counts them, without the line feeds; what is not UTF-8 is replaced."""
        lines = self.content.decode("utf-8", "replace").split("\n")
        return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRequest:
    """What to list: a folder at a revision, so many levels deep."""

    path: str = ""
    revision: str = ""
    depth: int = 1
    limit: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeItem:
    """One name in a folder."""

    path: str
    kind: EntryKind
    size_bytes: int
    oid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A folder of a commit; `more` if it has more than was asked for."""

    repository: str
    repository_id: str
    commit: str
    path: str
    items: tuple[TreeItem, ...]
    more: bool


def read_file(mirrors: MirrorReader, repository: Repository, *, path: str, revision: str) -> FileContent:
    """The file at a path of a revision.

    :raises PathMissing: if there is none, or it is not a file.
    :raises ObjectTooLarge: if it is larger than is read at once.
    """
    commit = mirrors.resolve(repository, revision)
    with mirrors.objects(repository) as objects:
        entry = objects.entry_at(commit, stored(path))
        if entry.kind not in {EntryKind.FILE, EntryKind.SYMLINK}:
            raise PathMissing(path=path)
        content = objects.read(entry.oid, FILE_BYTES_MAX)
    return FileContent(
        repository=repository.name,
        repository_id=repository.id,
        commit=commit,
        path=path,
        oid=entry.oid,
        size_bytes=len(content),
        content=content,
        language=language_of(path, content[:LANGUAGE_BYTES]),
        binary=b"\0" in content[:SNIFFED_BYTES],
    )


def read_tree(mirrors: MirrorReader, repository: Repository, request: TreeRequest) -> Tree:
    """The names below a path of a revision.

    :raises PathMissing: if there is no such folder.
    """
    commit = mirrors.resolve(repository, request.revision)
    limit = min(request.limit, TREE_ENTRIES_MAX)
    mirror = mirrors.path(repository)

    def below(folder: bytes, depth: int) -> Iterator[TreeEntry]:
        for entry in mirrors.git.list_tree(mirror, commit, prefix=folder, recursive=False):
            yield entry
            if entry.kind is EntryKind.FOLDER and depth > 1:
                yield from below(entry.path, depth - 1)

    found = list(islice(below(stored(request.path), min(request.depth, DEPTH_MAX)), limit + 1))
    return Tree(
        repository=repository.name,
        repository_id=repository.id,
        commit=commit,
        path=request.path,
        items=tuple(_item(entry) for entry in found[:limit]),
        more=len(found) > limit,
    )


def _item(entry: TreeEntry) -> TreeItem:
    return TreeItem(path=shown(entry.path), kind=entry.kind, size_bytes=entry.size_bytes, oid=entry.oid)
