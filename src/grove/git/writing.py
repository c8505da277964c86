"""Writing objects: contents, folders and commits, from what is handed over on standard input.

Nothing is read from a folder that people write to, so that no setting, filter, attribute or hook of theirs can be run.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from grove.git.errors import GitFailed, GitTimeout
from grove.git.model import GitConfig, Person
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner
from grove.sandbox import ChildDied, ChildTimeout

OID_CHARACTERS_MAX: Final = 64
_NOT_IN_NAMES: Final = str.maketrans("", "", "<>\n\r\0")


class ObjectWriter:
    """Writes objects to one repository; any number of threads may use it."""

    def __init__(self, config: GitConfig, git_dir: Path) -> None:
        self._runner = Runner(config)
        self._git_dir = git_dir

    def blob(self, content: bytes) -> str:
        """Keep the content of a file; its id."""
        return self._written("hash-object", ("-w", "--stdin"), content)

    def blob_from(self, file: int) -> str:
        """Keep the content of an open file, from where it stands to its end; its id. No more of it is in memory than
        git wants.

        :raises GitTimeout: if that takes too long.
        :raises GitFailed: if git does not keep it.
        """
        call = Call(command="hash-object", options=("-w", "--stdin"), git_dir=self._git_dir)
        with self._runner.feed(call, stdin=file) as running:
            try:
                said = running.read_until(b"\n", bytes_max=OID_CHARACTERS_MAX)
            except ChildTimeout as error:
                raise GitTimeout(command=call.command) from error
            except ChildDied as error:
                raise GitFailed(command=call.command, reason=running.complaints.decode(errors="replace")) from error
        if said is None:
            raise GitFailed(command=call.command, reason=running.complaints.decode(errors="replace"))
        return check_oid(said.decode(errors="replace"))

    def tree(self, entries: Iterable[tuple[int, bytes, str]]) -> str:
        """Keep a folder of entries (mode, name, id), in any order; its id.

        :raises GitFailed: if an entry's object is not there.
        """
        kinds = {0o04: b"tree", 0o16: b"commit"}
        lines = (
            b"%06o %s %s\t%s\0" % (mode, kinds.get(mode >> 12, b"blob"), check_oid(oid).encode(), name)
            for mode, name, oid in entries
        )
        return self._written("mktree", ("-z",), b"".join(lines))

    def write_commit(
        self, tree: str, *, parents: Iterable[str], committer: Person, author: Person | None = None, message: str
    ) -> str:
        """Keep a commit; its id. Who commits it is its author too, unless there is another."""
        lines = [
            f"tree {check_oid(tree)}",
            *(f"parent {check_oid(parent)}" for parent in parents),
            f"author {_signed(author or committer)}",
            f"committer {_signed(committer)}",
            "",
            message.replace("\0", "").strip() + "\n",
        ]
        return self._written("hash-object", ("-w", "--stdin", "-t", "commit"), "\n".join(lines).encode())

    def _written(self, command: str, options: tuple[str, ...], content: bytes) -> str:
        call = Call(command=command, options=options, git_dir=self._git_dir, stdin=content)
        return check_oid(self._runner.run(call).stdout.decode().strip())


def _signed(person: Person) -> str:
    name, email = (text.translate(_NOT_IN_NAMES).strip() for text in (person.name, person.email))
    return f"{name or 'nobody'} <{email}> {int(person.at.timestamp())} {person.at:%z}"
