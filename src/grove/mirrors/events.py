"""What happened to a mirror."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorPublished(RepositoryEvent):
    """A fetch has been published; its branches are to be indexed."""
