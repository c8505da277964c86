"""What a CIDX data folder says that it holds. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class EntryKind(StrEnum):
    """What an entry is: a repository, or somebody's working copy of one."""

    REPOSITORY = "repository"
    WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class CidxEntry:
    """A repository or a working copy; `problem` says why it cannot be used, and then `path` may be none.

    `resolved` says how its folder was found: as `recorded`, `flat` by its name, or the newest `versioned` one.
    """

    kind: EntryKind
    name: str
    path: Path | None
    url: str = ""
    resolved: str = ""
    owner: str = ""
    repository: str = ""
    branch: str = ""
    problem: str = ""
