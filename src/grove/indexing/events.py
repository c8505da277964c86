"""What happened to an index."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsPublished(RepositoryEvent):
    """The heads of its tracked branches can be searched."""
