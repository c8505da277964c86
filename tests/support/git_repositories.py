"""Real git repositories, built quickly: honest ones, and such as only an attacker would make."""

import hashlib
import itertools
import random
import subprocess
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0100",
    "GIT_COMMITTER_DATE": "1700000000 +0100",
}
Content = bytes | str
FILE: Final = 0o100644
LINK: Final = 0o120000
FOLDER: Final = 0o040000
SUBMODULE: Final = 0o160000


def git(folder: Path, *words: str, stdin: bytes = b"") -> bytes:
    """Run git in a folder as a developer would, and give what it prints."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env=_ENVIRONMENT,
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare repository on disk."""

    path: Path

    @classmethod
    def new(cls, path: Path, *, branch: str = "main") -> "Repository":
        path.mkdir(parents=True)
        git(path, "init", "--quiet", "--bare", f"--initial-branch={branch}", ".")
        return cls(path)

    def commit(
        self,
        files: Mapping[str, Content],
        *,
        branch: str = "main",
        message: str = "change",
        deletes: Iterable[str] = (),
        links: Mapping[str, str] | None = None,
    ) -> str:
        """Add a commit to a branch, which keeps the files that it had, and give its id."""
        stream = [f"commit refs/heads/{branch}\ncommitter Ada <ada@example.org> 1700000000 +0100\n".encode()]
        stream.append(_data(message.encode()))
        if f"refs/heads/{branch}" in self.refs():
            stream.append(f"from refs/heads/{branch}^0\n".encode())
        stream += [f"D {path}\n".encode() for path in deletes]
        for path, content in files.items():
            stream.append(f"M 100644 inline {path}\n".encode())
            stream.append(_data(content.encode() if isinstance(content, str) else content))
        for path, target in (links or {}).items():
            stream += [f"M 120000 inline {path}\n".encode(), _data(target.encode())]
        git(self.path, "fast-import", "--quiet", "--force", stdin=b"".join(stream))
        return self.refs()[f"refs/heads/{branch}"]

    def refs(self) -> dict[str, str]:
        """Every ref with its object's id."""
        lines = git(self.path, "for-each-ref", "--format=%(refname) %(objectname)").decode(errors="surrogateescape")
        return dict(line.rsplit(" ", 1) for line in lines.splitlines())

    def set_ref(self, name: str | bytes, oid: str) -> None:
        """Set a ref, whatever its name; beside git, which would refuse some."""
        path = Path(self.path, name if isinstance(name, str) else name.decode(errors="surrogateescape"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{oid}\n")

    def write(self, kind: str, content: bytes) -> str:
        """Write an object, however broken, and give its id."""
        return git(self.path, "hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=content).decode().strip()

    def write_tree(self, entries: Sequence[tuple[int, bytes, str]]) -> str:
        """Write a tree of entries (mode, name, id), in the order given, however hostile."""
        return self.write(
            "tree", b"".join(b"%o %s\0%s" % (mode, name, bytes.fromhex(oid)) for mode, name, oid in entries)
        )

    def write_commit(
        self, tree: str, *, parents: Sequence[str] = (), extra: bytes = b"", message: bytes = b"x\n"
    ) -> str:
        """Write a commit of a tree; `extra` replaces the lines of author and committer."""
        people = extra or b"".join(
            b"%s Ada <ada@example.org> 1700000000 +0100\n" % who for who in (b"author", b"committer")
        )
        lines = f"tree {tree}\n" + "".join(f"parent {parent}\n" for parent in parents)
        return self.write("commit", lines.encode() + people + b"\n" + message)

    def write_commits_alike(self, *, digits: int) -> tuple[str, str]:
        """Write two commits whose ids begin with the same digits."""
        head = f"tree {self.write_tree([])}\n"
        seen: dict[str, int] = {}
        for number in itertools.count():
            content = f"{head}author A <a@b> {number} +0000\ncommitter A <a@b> {number} +0000\n\nx\n".encode()
            oid = _object_id(b"commit", content)
            if oid[:digits] in seen:
                return self._write_at(head, seen[oid[:digits]]), self._write_at(head, number)
            seen[oid[:digits]] = number
        raise AssertionError

    def _write_at(self, head: str, number: int) -> str:
        return self.write(
            "commit", f"{head}author A <a@b> {number} +0000\ncommitter A <a@b> {number} +0000\n\nx\n".encode()
        )

    def commit_tree(self, entries: Sequence[tuple[int, bytes, str]], *, branch: str = "main") -> str:
        """Make a branch of one commit whose root folder holds exactly these entries."""
        oid = self.write_commit(self.write_tree(entries))
        self.set_ref(f"refs/heads/{branch}", oid)
        return oid

    def write_noise(self, *, files: int, file_bytes: int) -> str:
        """A branch of files that cannot be compressed, always the same."""
        noise = random.Random(files)
        return self.commit({f"noise{number}": noise.randbytes(file_bytes) for number in range(files)})

    def write_zeros(self, size_bytes: int) -> str:
        """Write a blob of zeros, which takes a two-hundredth of its size."""
        step = bytes(1024**2)
        digest = hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
        squeeze = zlib.compressobj(1)
        parts = [squeeze.compress(b"blob %d\0" % size_bytes)]
        for begin in range(0, size_bytes, len(step)):
            piece = step[: size_bytes - begin]
            digest.update(piece)
            parts.append(squeeze.compress(piece))
        path = self.path / "objects" / digest.hexdigest()[:2] / digest.hexdigest()[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join([*parts, squeeze.flush()]))
        return digest.hexdigest()

    def tree_bomb(self, *, depth: int = 10, width: int = 10) -> str:
        """A branch of width^depth paths, made of depth + 2 objects."""
        oid, mode = self.write("blob", b"boom\n"), FILE
        for _ in range(depth):
            oid, mode = self.write_tree([(mode, b"d%03d" % number, oid) for number in range(width)]), FOLDER
        return self._branch(oid)

    def deep_tree(self, depth: int) -> str:
        """A branch with one file below so many folders."""
        oid, mode = self.write("blob", b"deep\n"), FILE
        for _ in range(depth):
            oid, mode = _write_loose(self.path, b"tree", b"%o d\0%s" % (mode, bytes.fromhex(oid))), FOLDER
        return self._branch(oid)

    def _branch(self, tree: str) -> str:
        oid = self.write_commit(tree)
        self.set_ref("refs/heads/main", oid)
        return oid


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _object_id(kind: bytes, content: bytes) -> str:
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).hexdigest()


def _write_loose(git_dir: Path, kind: bytes, content: bytes) -> str:
    oid = _object_id(kind, content)
    path = git_dir / "objects" / oid[:2] / oid[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(b"%s %d\0%s" % (kind, len(content), content), 1))
    return oid
