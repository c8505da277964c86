"""SCIP indexes of a repository, uploaded or made here."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from grove import scip
from grove.api.caller import CallerOf
from grove.api.edge import open_upload
from grove.api.routing import needs, router_at
from grove.api.shapes import Page, Received, Revision, Shown
from grove.scip import MakingState

router = router_at("/api/v1/repositories/{repository_id}/scip", tag="navigation")


class ScipIndexOut(Shown):
    """The precise symbols of a commit. `documents_left_out` are no files of it."""

    repository_id: UUID
    commit: str
    tool: str
    documents: int
    documents_left_out: int
    symbols: int
    occurrences: int
    stored_bytes: int
    uploaded_at: datetime


class MakingIn(Received):
    """Whether indexes of the default branch are made here."""

    wanted: bool


class MakingOut(Shown):
    """Whether indexes are made here, and what came of the last attempt: `reason` is why something was not made."""

    wanted: bool
    state: MakingState
    commit: str
    tools: str
    reason: str
    log: str
    finished_at: datetime | None


@router.get("/making", openapi_extra=needs("repository.view"))
def get_making(repository_id: UUID, caller: CallerOf) -> MakingOut:
    """Whether indexes are made here, and what came of the last attempt, with the indexers' last words."""
    with caller.reading() as tx:
        return MakingOut.model_validate(scip.making_of(tx, actor=caller.actor, repository_id=str(repository_id)))


@router.put("/making", openapi_extra=needs("repository.configure"))
def set_making(repository_id: UUID, switch: MakingIn, caller: CallerOf) -> MakingOut:
    """Have indexes of the default branch made here by the indexers that are installed, or no longer."""
    with caller.writing() as tx:
        making = scip.set_making(
            tx, actor=caller.actor, repository_id=str(repository_id), wanted=switch.wanted, now=caller.now
        )
        return MakingOut.model_validate(making)


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(open_upload)],
    openapi_extra={
        **needs("scip.upload"),
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def upload_scip_index(
    repository_id: UUID,
    caller: CallerOf,
    request: Request,
    commit: Annotated[Revision, Query(description="The commit that was indexed; the default branch if left out.")] = "",
) -> ScipIndexOut:
    """Keep an index of a commit, 64 MiB at most: the file that an indexer such as scip-python writes."""
    content = await request.body()

    def keep() -> ScipIndexOut:
        index = caller.grove.scip.upload(
            caller.actor, repository=str(repository_id), commit=commit, content=content, now=caller.now
        )
        return ScipIndexOut.model_validate(index)

    return await run_in_threadpool(keep)


@router.get("", openapi_extra=needs("repository.view"))
def list_scip_indexes(repository_id: UUID, caller: CallerOf) -> Page[ScipIndexOut]:
    """The indexes of a repository, the newest first."""
    found = caller.grove.scip.list(caller.actor, repository=str(repository_id))
    return Page(items=[ScipIndexOut.model_validate(index) for index in found])


@router.delete("", openapi_extra=needs("scip.upload"))
def remove_scip_index(
    repository_id: UUID, caller: CallerOf, commit: Annotated[str, Query(min_length=1, max_length=64)]
) -> ScipIndexOut:
    """Remove the index of a commit."""
    removed = caller.grove.scip.remove(caller.actor, repository=str(repository_id), commit=commit, now=caller.now)
    return ScipIndexOut.model_validate(removed)
