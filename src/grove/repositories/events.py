"""What happened to a repository."""

from dataclasses import dataclass

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEvent(Event):
    """Something that happened to a repository, and who caused it."""

    repository_id: str
    actor_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryConnected(RepositoryEvent):
    """Somebody has asked for it; it may have to wait for a decision."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRegrouped(RepositoryEvent):
    """It is in another project now."""

    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryApproved(RepositoryEvent):
    """It may be mirrored from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositorySyncRequested(RepositoryEvent):
    """Somebody wants its mirror to be brought up to date."""

    accept_ref_loss: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicyChanged(RepositoryEvent):
    """More or less of its history is to be indexed ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingChanged(RepositoryEvent):
    """The heads of other branches are to be indexed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryCooled(RepositoryEvent):
    """It is cold: its index is to be dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryWarmed(RepositoryEvent):
    """It was cold, and is wanted again: it is to be indexed from its mirror, whether its upstream answers or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRemoved(RepositoryEvent):
    """It is to be removed, with everything that was made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryMoveWanted(RepositoryEvent):
    """It is to be fetched from another address, once that is known to hold the same history."""

    url: str
    credential_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryMoved(RepositoryEvent):
    """It is fetched from another address from now on."""

    host: str
