"""Who owns the files of a repository."""

from uuid import UUID

from grove import mirrors
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import PathText, Revision, Shown

router = router_at("/api/v1/repositories/{repository_id}", tag="files")


class OwnerRuleOut(Shown):
    """A line of a CODEOWNERS file that says who owns a path."""

    line: int
    pattern: str
    section: str
    owners: list[str]


class OwnersOut(Shown):
    """Who owns a path: `place` is the file that says so, null if there is none; `unusable` lines say nothing."""

    repository: str
    repository_id: UUID
    commit: str
    path: str
    owners: list[str]
    rules: list[OwnerRuleOut]
    place: str | None
    unusable: list[int]


@router.get("/owners", openapi_extra=needs("file.read"))
def get_owners(repository_id: UUID, caller: CallerOf, *, path: PathText = "", rev: Revision = "") -> OwnersOut:
    """Who owns a path at any commit, by the CODEOWNERS of that commit; without a path, who owns everything."""
    found = mirrors.path_owners(
        caller.grove.database,
        caller.grove.mirrors,
        actor=caller.actor,
        repository=str(repository_id),
        path=path,
        revision=rev,
    )
    return OwnersOut(
        repository=found.repository,
        repository_id=UUID(found.repository_id),
        commit=found.commit,
        path=found.path,
        owners=list(found.ownership.owners),
        rules=[OwnerRuleOut.model_validate(rule) for rule in found.ownership.rules],
        place=found.place,
        unusable=list(found.unusable),
    )
