"""`/api/v1/repositories/{id}/move`: fetching a repository from another address."""

from uuid import UUID

from fastapi import Response
from pydantic import Field

from grove import mirrors
from grove.api.caller import CallerOf
from grove.api.repositories import AcceptedOut, accepted
from grove.api.routing import needs, router_at
from grove.api.shapes import Address, Line, Received

router = router_at("/api/v1/repositories", tag="repositories")


class MoveIn(Received):
    """Where a repository is now."""

    url: Address | None = Field(default=None, description="Its new address; left out, the one that its forge tells.")
    credential: Line | None = Field(
        default=None, description="Id or name of the credential to use there; on the same host it keeps its own."
    )


@router.post("/{repository_id}/move", status_code=202, openapi_extra=needs("repository.move"))
def move_repository(
    repository_id: UUID, caller: CallerOf, response: Response, wanted: MoveIn | None = None
) -> AcceptedOut:
    """Have a repository fetched from another address, once that is found to hold the same history."""
    wanted = wanted or MoveIn()
    with caller.writing() as tx:
        repository = mirrors.request_new_address(
            tx,
            actor=caller.actor,
            repository_id=str(repository_id),
            address=wanted.url,
            credential=wanted.credential,
            forges=caller.grove.sources.forges,
            now=caller.now,
        )
        return accepted(tx, caller, response, repository, kind=mirrors.MoveArguments.kind)
