"""Taking in many files by one process, from standard input: contents, and the tree that has them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from grove.git.model import GitConfig
from grove.git.refs import check_oid, check_ref, list_refs
from grove.git.runner import Call, Runner

Changed = Mapping[bytes, tuple[int, str] | None]
"""Paths with their new modes and contents; nothing for one that is gone."""
_QUOTED: Final = {ord('"'): b'\\"', ord("\\"): b"\\\\", ord("\n"): b"\\n"}


def blob_oid(content: bytes) -> str:
    """The id that git gives to the content of a file."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


class Importer:
    """Takes files into one repository."""

    def __init__(self, config: GitConfig, git_dir: Path) -> None:
        self._runner = Runner(config)
        self._git_dir = git_dir

    def keep(self, contents: Sequence[bytes]) -> None:
        """Keep the contents of files."""
        self._import(b"blob\ndata %d\n%s\n" % (len(content), content) for content in contents)

    def keep_pack(self, pack: bytes) -> None:
        """Keep the objects of a pack, each of which is checked; what it builds upon must be there.

        :raises RepositoryCorrupt: if something in it is broken.
        """
        options = ("--stdin", "--fix-thin", "--strict")
        self._runner.run(Call(command="index-pack", options=options, git_dir=self._git_dir, stdin=pack))

    def tree_with(self, tree: str, changed: Changed, *, ref: str) -> str:
        """The commit, at a ref of its own, of a tree in which these paths are changed; its objects must be there."""
        check_ref(ref)
        head = f'commit {ref}\ncommitter Grove <grove@localhost> 0 +0000\ndata 0\nM 040000 {check_oid(tree)} ""\n'
        removed = (b"D %s\n" % _quoted(path) for path, now in changed.items() if now is None)
        written = (
            b"M %06o %s %s\n" % (now[0], check_oid(now[1]).encode(), _quoted(path))
            for path, now in changed.items()
            if now is not None
        )
        self._import([head.encode(), *removed, *written])
        return list_refs(self._runner, self._git_dir, ref)[ref]

    def _import(self, commands: Iterator[bytes] | Sequence[bytes]) -> None:
        stdin = b"".join([*commands, b"done\n"])
        options = ("--quiet", "--done", "--force")
        self._runner.run(Call(command="fast-import", options=options, git_dir=self._git_dir, stdin=stdin))


def _quoted(path: bytes) -> bytes:
    return b'"%s"' % b"".join(_QUOTED.get(byte, bytes((byte,))) for byte in path)
