"""`/api/v1/repositories/{id}/access` and `/permissions`: what forges grant, and by whose rules people see."""

from uuid import UUID

from fastapi import Response

from grove import grants
from grove.api.caller import CallerOf
from grove.api.repositories import AcceptedOut, RepositoryOut, accepted
from grove.api.routing import needs, router_at
from grove.api.shapes import Received
from grove.repositories import Permissions

router = router_at("/api/v1/repositories", tag="repositories")


class PermissionsIn(Received):
    """By whose rules people see a repository."""

    permissions: Permissions


@router.post("/{repository_id}/access/check", status_code=202, openapi_extra=needs("repository.sync"))
def check_access(repository_id: UUID, caller: CallerOf, response: Response) -> AcceptedOut:
    """Have the forge asked now whether it still lets Grove read the repository."""
    with caller.writing() as tx:
        repository = grants.request_check(tx, actor=caller.actor, repository_id=str(repository_id), now=caller.now)
        return accepted(tx, caller, response, repository, kind=grants.CHECK_JOB)


@router.put("/{repository_id}/permissions", openapi_extra=needs("repository.configure"))
def set_permissions(repository_id: UUID, wanted: PermissionsIn, caller: CallerOf) -> RepositoryOut:
    """Have people see a repository by Grove's policies alone, or of these only those whom its forge lets read it."""
    with caller.writing() as tx:
        changed = grants.set_permissions(
            tx,
            actor=caller.actor,
            repository_id=str(repository_id),
            permissions=wanted.permissions,
            now=caller.now,
        )
    return RepositoryOut.of(changed)
