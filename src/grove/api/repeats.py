"""`Idempotency-Key`: a POST that is made again with the same key gets the first one's answer; nothing is done twice.

What failed left nothing behind, so its key may be used again.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials
from fastapi.security.utils import get_authorization_scheme_param
from starlette.responses import StreamingResponse

from grove import accounts, repeats
from grove.api.caller import shown_by
from grove.api.edge import Edge
from grove.api.errors import CsrfTokenMissing, KeyMalformed
from grove.kit.tenancy import serving, serving_all
from grove.repeats import KeptAnswer, KeyedRequest

KEY: Final = re.compile(r"[!-~]{1,255}")
HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key is done once; its answer is kept for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
REPLAYED: Final = "Idempotency-Replayed"
Answer = Callable[[Request], Coroutine[Any, Any, Response]]


async def answered_once(request: Request, answer: Answer) -> Response:
    """Answer a request, with what was answered before when it was made before."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST" or not request.url.path.startswith("/api/"):
        return await answer(request)
    if not KEY.fullmatch(key):
        raise KeyMalformed
    edge: Edge = request.app.state.edge
    body = await request.body()
    keyed = await run_in_threadpool(_keyed, edge, request, key, body)
    if keyed is None:
        return await answer(request)  # nobody is asking: the endpoint says so, or does not mind
    kept = await run_in_threadpool(_begin, edge, keyed)
    if kept is not None:
        return _again(kept)
    return await _first(edge, keyed, request, answer)


async def _first(edge: Edge, keyed: KeyedRequest, request: Request, answer: Answer) -> Response:
    is_kept = False
    try:
        response = await answer(request)
        if response.status_code < 300 and not isinstance(response, StreamingResponse):  # noqa: PLR2004 - any success
            kept = KeptAnswer(
                status=response.status_code, location=response.headers.get("location"), body=bytes(response.body)
            )
            await run_in_threadpool(_keep, edge, keyed, kept)
            is_kept = True
    finally:
        if not is_kept:
            await run_in_threadpool(_forget, edge, keyed)
    return response


def _keyed(edge: Edge, request: Request, key: str, body: bytes) -> KeyedRequest | None:
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    bearer = HTTPAuthorizationCredentials(scheme=scheme, credentials=secret) if scheme.lower() == "bearer" else None
    try:
        shown = shown_by(request, edge, bearer)
        if shown is None:
            return None
        with serving_all(), edge.grove.database.reading() as tx:
            actor = accounts.authenticate(tx, secret=shown.secret, source=shown.source, now=datetime.now(UTC))
    except (accounts.TokenInvalid, CsrfTokenMissing):
        return None
    told = "\0".join((request.method, request.url.path, request.url.query, hashlib.sha256(body).hexdigest()))
    digest = hashlib.sha256(told.encode()).hexdigest()
    return KeyedRequest(tenant_id=actor.tenant_id, principal_id=actor.id, key=key, digest=digest)


def _begin(edge: Edge, keyed: KeyedRequest) -> KeptAnswer | None:
    with serving(keyed.tenant_id), edge.grove.database.transaction() as tx:
        return repeats.begin(tx, keyed, keyring=edge.grove.keyring, now=datetime.now(UTC))


def _keep(edge: Edge, keyed: KeyedRequest, kept: KeptAnswer) -> None:
    with serving(keyed.tenant_id), edge.grove.database.transaction() as tx:
        repeats.keep(tx, keyed, kept, keyring=edge.grove.keyring)


def _forget(edge: Edge, keyed: KeyedRequest) -> None:
    with serving(keyed.tenant_id), edge.grove.database.transaction() as tx:
        repeats.forget(tx, keyed)


def _again(kept: KeptAnswer) -> Response:
    headers = {REPLAYED: "true", **({"Location": kept.location} if kept.location else {})}
    return Response(kept.body, status_code=kept.status, headers=headers, media_type="application/json")
