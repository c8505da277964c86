"""What happened to indexes of symbols."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipWanted(RepositoryEvent):
    """Indexes of its symbols are to be made here from now on."""
