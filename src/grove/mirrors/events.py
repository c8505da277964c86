"""What happened to a mirror."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPublished(RepositoryEvent):
    """A fetch has been published; its branches are to be indexed."""

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorFoundCurrent(RepositoryEvent):
    """The host was asked, and has nothing that the mirror lacks."""

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFailed(RepositoryEvent):
    """A mirror could not be brought up to date; `code` is that of the error.

    `retry_after_seconds` is for how long the host wants to be left alone, when it said so.
    """

    host: str
    code: str
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorGrowing(RepositoryEvent):
    """What was fetched is about to be put into place; whoever minds its `grown_bytes` raises, and nothing is."""

    grown_bytes: int
