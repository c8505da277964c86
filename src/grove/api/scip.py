"""Uploaded SCIP indexes of a repository."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.concurrency import run_in_threadpool

from grove.api.caller import CallerOf
from grove.api.edge import open_upload
from grove.api.routing import needs, router_at
from grove.api.shapes import Page, Revision, Shown

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
