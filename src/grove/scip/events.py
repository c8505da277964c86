"""What happened to indexes of symbols."""

from dataclasses import dataclass

from grove.repositories import RepositoryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipWanted(RepositoryEvent):
    """Indexes of its symbols are to be made here from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipUploading(RepositoryEvent):
    """Somebody hands in an index, which is about to be read; whoever minds the work raises, and it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipGrowing(RepositoryEvent):
    """An index is about to be kept; whoever minds its `grown_bytes` raises, and it is not."""

    grown_bytes: int
