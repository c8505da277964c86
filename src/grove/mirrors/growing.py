"""Asking for room before a mirror grows, while what was fetched still lies aside."""

from pathlib import Path

from grove.jobs import Run
from grove.kit.files import folder_bytes
from grove.mirrors.events import MirrorGrowing
from grove.repositories import Repository


def claim_room(run: Run, repository: Repository, *, fetched: Path) -> None:
    """Return when the mirror may grow by what lies in a folder.

    :raises GroveError: if it may not; the mirror and its index stay as they are.
    """
    # Before the first fetch the forge's own word counts for it already.
    counted = repository.estimated_bytes or 0 if repository.size_bytes is None else 0
    with run.begin() as tx:
        tx.publish(
            MirrorGrowing(
                tenant_id=repository.tenant_id,
                repository_id=repository.id,
                actor_id=repository.requested_by,
                grown_bytes=max(folder_bytes(fetched / "objects") - counted, 0),
                at=run.now,
            )
        )
