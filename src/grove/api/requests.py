"""`/api/v1/requests`: repositories that somebody asks for, and the decisions about them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from fastapi import Response
from pydantic import Field

from grove import repositories
from grove.api.caller import CallerOf
from grove.api.connecting import connect
from grove.api.repositories import ReasonIn, SourceIn
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Limit, Page, Received, Shown, Words, decode_cursor, page_of
from grove.repositories import Approval, RepositoryRequest

router = router_at("/api/v1/requests", tag="governance")


class RequestState(StrEnum):
    """What was decided; `all` is any of it."""

    PENDING = "pending_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    ALL = "all"


class RequestIn(SourceIn):
    """A repository that is asked for, and why; whoever decides sees the reason."""

    reason: Words = Field(min_length=1)


class DecisionIn(Received):
    """Why it was decided so."""

    reason: Words = ""


class RequestOut(Shown):
    """A request: `id` is that of the repository; `may_decide` is about you, and `why_not` says why if you may not."""

    id: UUID
    name: str
    url: str
    host: str
    forge: str
    visibility: str
    size_bytes: int | None
    state: Approval
    requester: str
    reason: str
    asked_at: datetime
    decision: dict[str, Any] | None
    may_decide: bool
    why_not: str

    @classmethod
    def of(cls, request: RepositoryRequest) -> Self:
        """As people see it."""
        repository = request.repository
        size = repository.estimated_bytes if repository.size_bytes is None else repository.size_bytes
        return cls(
            id=UUID(repository.id),
            name=repository.name,
            url=repository.url,
            host=repository.host,
            forge=repository.forge,
            visibility=repository.visibility,
            size_bytes=size,
            state=repository.approval,
            requester=request.requester,
            reason=repository.request_reason,
            asked_at=repository.created_at,
            decision=repository.decision,
            may_decide=request.may_decide,
            why_not=request.why_not,
        )


@router.get("", openapi_extra=needs("request.list"))
def list_requests(
    caller: CallerOf, *, state: RequestState = RequestState.PENDING, limit: Limit = 50, cursor: Cursor = ""
) -> Page[RequestOut]:
    """The inbox: requests that wait, or those about which something was decided."""
    with caller.reading() as tx:
        found = repositories.list_requests(
            tx,
            actor=caller.actor,
            state=None if state is RequestState.ALL else Approval(state.value),
            after=decode_cursor(cursor),
            limit=limit + 1,
        )
    return page_of(found, RequestOut.of, limit=limit, position=lambda request: request.repository.name)


@router.post("", status_code=201, openapi_extra=needs("repository.connect"))
def make_request(wanted: RequestIn, caller: CallerOf, response: Response) -> RequestOut:
    """Ask for a repository; it is looked at first, and mirrored at once when policy admits it."""
    repository, _job = connect(caller, wanted.source(), credential=wanted.credential)
    response.headers["Location"] = f"{router.prefix}/{repository.id}"
    return _shown(caller, repository.id)


@router.get("/{repository_id}", openapi_extra=needs("request.list"))
def get_request(repository_id: UUID, caller: CallerOf) -> RequestOut:
    """A request, and what was decided about it."""
    return _shown(caller, str(repository_id))


@router.post("/{repository_id}/approve", openapi_extra=needs("repository.approve"))
def approve_request(repository_id: UUID, caller: CallerOf, wanted: DecisionIn | None = None) -> RequestOut:
    """Have the repository mirrored; nobody approves their own request."""
    with caller.writing() as tx:
        repositories.approve_repository(
            tx,
            actor=caller.actor,
            repository_id=str(repository_id),
            reason=wanted.reason if wanted else "",
            now=caller.now,
        )
    return _shown(caller, str(repository_id))


@router.post("/{repository_id}/reject", openapi_extra=needs("repository.reject"))
def reject_request(repository_id: UUID, refusal: ReasonIn, caller: CallerOf) -> RequestOut:
    """Refuse it; whoever asked sees the reason."""
    with caller.writing() as tx:
        repositories.reject_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=refusal.reason, now=caller.now
        )
    return _shown(caller, str(repository_id))


@router.post("/{repository_id}/revoke", openapi_extra=needs("repository.revoke"))
def revoke_request(repository_id: UUID, refusal: ReasonIn, caller: CallerOf) -> RequestOut:
    """Take an approval back: from the next question on nothing of the repository is shown."""
    with caller.writing() as tx:
        repositories.revoke_approval(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=refusal.reason, now=caller.now
        )
    return _shown(caller, str(repository_id))


def _shown(caller: CallerOf, repository_id: str) -> RequestOut:
    with caller.reading() as tx:
        return RequestOut.of(repositories.get_request(tx, actor=caller.actor, repository_id=repository_id))
