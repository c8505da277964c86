"""`/api/v1/repositories/ID/preparation`: what is done to checkouts before they are used."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from grove import checkouts
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown
from grove.checkouts import Preparation

router = router_at("/api/v1/repositories/{repository_id}/preparation", tag="repositories")


class PreparationIn(Received):
    """Files to bring along, and a command for the shell that sets a checkout up."""

    set_up: Annotated[str, Field(max_length=4_000)] = ""
    network: bool = False
    seconds_max: Annotated[float, Field(gt=0, le=600)] = 600.0
    movable: Annotated[
        bool, Field(description="What the command makes works in any folder: it is run before one is wanted.")
    ] = False
    files: Annotated[dict[str, str], Field(max_length=32)] = Field(default={})


class PreparationOut(Shown):
    """What is done to checkouts before they are used."""

    set_up: str
    network: bool
    seconds_max: float
    movable: bool
    files: dict[str, str]


@router.get("", openapi_extra=needs("repository.configure"))
def get_preparation(repository_id: UUID, caller: CallerOf) -> PreparationOut:
    """What is done to checkouts of a repository before they are used."""
    with caller.reading() as tx:
        found = checkouts.get_preparation(tx, actor=caller.actor, repository_id=str(repository_id))
    return PreparationOut.model_validate(found)


@router.put("", openapi_extra=needs("repository.configure"))
def set_preparation(repository_id: UUID, wanted: PreparationIn, caller: CallerOf) -> PreparationOut:
    """Set what is done to checkouts of a repository from now on."""
    preparation = Preparation(**wanted.model_dump())
    with caller.writing() as tx:
        done = checkouts.set_preparation(
            tx, actor=caller.actor, repository_id=str(repository_id), wanted=preparation, now=caller.now
        )
    return PreparationOut.model_validate(done)
