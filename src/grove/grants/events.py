"""What happened to what forges grant."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCheckRequested(RepositoryEvent):
    """The forge is to be asked whether it lets us read the repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReturned(RepositoryEvent):
    """A forge that had refused lets us read the repository again."""
