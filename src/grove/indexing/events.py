"""What happened to an index."""

from dataclasses import dataclass

from grove.kit.events import Event
from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsPublished(RepositoryEvent):
    """The heads of its tracked branches can be searched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexGrown(RepositoryEvent):
    """A slice of a repository's past has been published; its tenant's segments may be worth joining."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDamaged(RepositoryEvent):
    """Something that a repository needs was damaged and is out of service; it is to be built again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinsChanged(RepositoryEvent):
    """A commit of a repository was pinned or let go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRebuildRequested(RepositoryEvent):
    """Somebody wants a repository's index to be built anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexVerificationRequested(Event):
    """Somebody wants the index of a repository, or of the whole tenant, to be read whole."""

    target_id: str
    actor_id: str
