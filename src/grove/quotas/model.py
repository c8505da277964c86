"""What is counted, for whom, and up to which number. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Sort(StrEnum):
    """What is counted: repositories and open workspaces, and the bytes of both; unfinished jobs, searches of a day."""

    REPOSITORIES = "repositories"
    BYTES = "bytes"
    WORKSPACES = "workspaces"
    WORKSPACE_BYTES = "workspace_bytes"
    JOBS = "jobs"
    QUERIES = "queries"


class HolderKind(StrEnum):
    """Whose it is."""

    TENANT = "tenant"
    PROJECT = "project"
    USER = "user"


COUNTED: Mapping[HolderKind, tuple[Sort, ...]] = MappingProxyType(
    {
        HolderKind.TENANT: tuple(Sort),
        HolderKind.PROJECT: (Sort.REPOSITORIES, Sort.BYTES),
        HolderKind.USER: tuple(Sort),
    }
)
"""What is counted for whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A tenant, a project of it, or a user of it; agents and services are users here."""

    kind: HolderKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much of something a holder has, and may have; no limit is None."""

    holder: Holder
    sort: Sort
    limit: int | None
    used: int
