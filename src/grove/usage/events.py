"""What happens when things are used."""

from dataclasses import dataclass

from grove.kit.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoriesUsed(Event):
    """Somebody has used these repositories since it was told last."""

    repository_ids: tuple[str, ...]
