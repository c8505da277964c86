"""Sessions: one's own, those of others for administrators, and their end."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from grove import accounts
from grove.accounts import Scope, SignIn
from grove.api.caller import CallerOf
from grove.api.cookies import csrf_token
from grove.api.routing import needs, router_at
from grove.api.shapes import Page, Shown
from grove.kit.gate import Resource, Source

router = router_at("/api/v1", tag="accounts")


class SessionOut(Shown):
    """What somebody has by signing in; it ends at `expires_at` if nobody uses it, at `latest_at` in any case."""

    id: UUID
    principal_id: UUID
    method: SignIn
    address: str
    client: str
    scopes: list[Scope]
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    latest_at: datetime
    ended_at: datetime | None


class CsrfOut(Shown):
    """What a page shows as `X-CSRF-Token` with whatever changes something; null for whoever shows a token."""

    csrf_token: str | None


@router.get("/session", openapi_extra=needs("account.view"))
def get_session(caller: CallerOf) -> CsrfOut:
    """What a page of this server needs beside its cookie."""
    resource = Resource(kind="account", id=caller.actor.id, tenant_id=caller.actor.tenant_id)
    with caller.reading() as tx:
        tx.require(caller.actor, "account.view", resource)
    by_cookie = caller.shown.source is Source.WEB
    return CsrfOut(csrf_token=csrf_token(caller.shown.secret) if by_cookie else None)


@router.get("/sessions", openapi_extra=needs("session.list"))
def list_sessions(caller: CallerOf, user_id: Annotated[UUID | None, Query()] = None) -> Page[SessionOut]:
    """One's own open sessions, or those of another user, those used last first."""
    wanted = str(user_id or caller.actor.id)
    with caller.reading() as tx:
        found = accounts.list_sessions(tx, actor=caller.actor, principal_id=wanted, now=caller.now)
    return Page(items=[SessionOut.model_validate(session) for session in found])


@router.delete("/sessions/{session_id}", openapi_extra=needs("session.end"))
def end_session(session_id: UUID, caller: CallerOf) -> SessionOut:
    """Sign somebody out of one session, at once."""
    with caller.writing() as tx:
        ended = accounts.end_session(tx, actor=caller.actor, session_id=str(session_id), now=caller.now)
    return SessionOut.model_validate(ended)
