"""Fetching a repository from another address, and putting it into another project."""

from uuid import UUID

from fastapi import Response
from pydantic import Field

from grove import mirrors, repositories
from grove.api.caller import CallerOf
from grove.api.repositories import AcceptedOut, RepositoryOut, accepted
from grove.api.routing import needs, router_at
from grove.api.shapes import Address, Line, Received

router = router_at("/api/v1/repositories", tag="repositories")


class MoveIn(Received):
    """Where a repository is now."""

    url: Address | None = Field(default=None, description="Its new address; left out, the one that its forge tells.")
    credential: Line | None = Field(
        default=None, description="Id or name of the credential to use there; on the same host it keeps its own."
    )


class ProjectOfIn(Received):
    """Into which project a repository is put."""

    project: Line = Field(description="An id or a name.")


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


@router.put("/{repository_id}/project", openapi_extra=needs("repository.configure"))
def assign_project(repository_id: UUID, wanted: ProjectOfIn, caller: CallerOf) -> RepositoryOut:
    """Put a repository into another project; who may see it follows from the next question on. Its name stays."""
    with caller.writing() as tx:
        repository = repositories.assign_project(
            tx, actor=caller.actor, repository_id=str(repository_id), project=wanted.project, now=caller.now
        )
    return RepositoryOut.of(repository)
