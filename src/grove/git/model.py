r"""The words of git. Pure: no process, no disk, no network.

Paths are bytes, as git has them. Names of branches and tags are text that can be shown and stored: a byte of theirs
that is not UTF-8 is written with a backslash, as `\xff`, which no name of git's has.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

from grove.git.errors import SecretRefused
from grove.git.url import RemoteUrl

GIB: Final = 1024**3
MIB: Final = 1024**2
SECRET_CHARACTERS_MAX: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class GitConfig:
    """How git is run: `home` is an empty folder, `job_root` takes what a command needs for its time.

    `allowed_networks` are addresses inside the organisation that may be connected to although they are private;
    `allowed_local_roots` are folders whose repositories may be mirrored by path.
    """

    executable: Path
    home: Path
    job_root: Path
    data_root: Path
    ca_file: Path | None = None
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    allowed_local_roots: tuple[Path, ...] = ()
    memory_bytes_max: int = 2 * GIB
    command_seconds_max: float = 300.0
    low_speed_bytes_per_second: int = 1000
    low_speed_seconds_max: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What a host is told to let us in. It is never shown.

    :raises SecretRefused: if it holds a control character.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        for part in (self.username, self.password):
            if not part.isprintable() or len(part) > SECRET_CHARACTERS_MAX:
                raise SecretRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class SshIdentity:
    """A private key, unlocked, and the only keys by which the host is known, such as `ssh-ed25519 AAAA…`."""

    private_key: str = field(repr=False)
    host_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalPath:
    """A repository on this machine's disk."""

    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A repository elsewhere, and how to be let in."""

    url: RemoteUrl | LocalPath
    secret: Secret | None = None
    identity: SshIdentity | None = None
    """Of an address for SSH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingLimits:
    """How much a host may tell about its branches and tags."""

    seconds_max: float = 60.0
    refs_max: int = 100_000
    bytes_max: int = 64 * MIB
    memory_bytes_max: int = GIB


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How much may be fetched: `bytes_max` is of all files, while they are written."""

    bytes_max: int
    seconds_max: float
    refs_max: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeLimits:
    """How much of a commit's tree is walked."""

    entries_max: int = 1_000_000
    depth_max: int = 256
    seconds_max: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteListing:
    """What a host has: `refs` are its branches and tags by full name, each with its object's id.

    `default_branch` is a short name, and `None` when the repository is empty or its HEAD is at no branch.
    """

    default_branch: str | None
    head_commit: str | None
    refs: dict[str, str]


class FetchPhase(StrEnum):
    """What a fetch is doing."""

    CONNECTING = "connecting"
    COUNTING = "counting"
    COMPRESSING = "compressing"
    RECEIVING = "receiving"
    RESOLVING = "resolving"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProgress:
    """How far a fetch is. `done` and `total` count objects (deltas when resolving); a total of 0 is not known."""

    phase: FetchPhase
    done: int = 0
    total: int = 0
    bytes_received: int = 0
    bytes_per_second: int = 0
    seconds_left: float | None = None


class EntryKind(StrEnum):
    """What a name in a tree stands for."""

    FILE = "file"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEntry:
    """One path of a commit's tree, as hostile as its author made it: ask `is_safe_path` before trusting it."""

    path: bytes
    mode: int
    kind: EntryKind
    oid: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """An object's id, type (`blob`, `tree`, `commit`, `tag`) and size."""

    oid: str
    type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who wrote or committed, and when; a moment that no calendar has is clamped."""

    name: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit; `message` is cut when it is very long."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a probe of the installed git found."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A path that a commit changed: the ids before, one for each parent, and after; none where there was no file."""

    path: bytes
    before: tuple[str | None, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitChanges:
    """What a commit changed in files: against its parent, all of a first commit, of a merge what no parent had."""

    oid: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """A file in which two commits differ: `added`, `removed`, `changed`, `renamed` or `copied`."""

    path: bytes
    old_path: bytes
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedLines:
    """Lines of a file that stand together and are from one commit, where they stood from `original_line` on."""

    oid: str
    path: bytes
    original_line: int
    first_line: int
    count: int
