"""Letting a program in that cannot show a page, as RFC 8628 has it; and the page on which its user does so."""

from datetime import UTC, datetime
from html import escape
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query, Request
from fastapi import Form as FormField
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import Field

from grove import accounts
from grove.accounts import DeviceAnswer, Scope, WaitingDevice
from grove.api.edge import EdgeOf
from grove.api.forms import Form, Viewer, form_of, require_form, viewer_of
from grove.api.pages import base_address, page
from grove.api.problems import status_of
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Received, Shown
from grove.api.signing_in import to_login
from grove.api.visits import address_of, visit_of
from grove.kit.errors import GroveError
from grove.kit.gate import Source
from grove.kit.tenancy import serving_all
from grove.wiring import device_life

CODE_CHARACTERS_MAX: Final = 40
TITLE: Final = "Let a command line in"

router = router_at("/api/v1/device", tag="accounts")
pages = router_at(tag="pages")


class DeviceIn(Received):
    """A program that wants to be let in; `scope` names what it wants to do, all of it when nothing is named."""

    client_id: Annotated[str, Field(max_length=100)] = "grove"
    scope: Annotated[str, Field(max_length=100)] = "read write admin"


class DeviceOut(Shown):
    """A code to show to the user, and one to ask with every `interval` seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class DeviceTokenIn(Received):
    """Whether somebody has let the program in by now."""

    grant_type: Literal["urn:ietf:params:oauth:grant-type:device_code"]
    device_code: Annotated[str, Field(min_length=1, max_length=200)]
    client_id: Annotated[str, Field(max_length=100)] = "grove"


class DeviceTokenOut(Shown):
    """The secret of a session, to be shown like a token."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class DeviceRefusedOut(Shown):
    """Why there is none."""

    error: Literal[
        "authorization_pending", "slow_down", "access_denied", "expired_token", "invalid_grant", "invalid_scope"
    ]


_REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": DeviceRefusedOut, "description": "Not yet, or not at all"}
}


@router.post("/authorization", response_model=DeviceOut, responses=_REFUSED, openapi_extra=needs(PUBLIC))
def ask_for_device(wanted: Annotated[DeviceIn, FormField()], request: Request, edge: EdgeOf) -> DeviceOut | Response:
    """Ask to be let in; the user approves `user_code` on a page of this server."""
    now = datetime.now(UTC)
    edge.grove.rates.take(address_of(request), sort="devices", now=now)
    try:
        scopes = frozenset(Scope(scope) for scope in wanted.scope.split())
    except ValueError:
        scopes = frozenset()
    if not scopes:
        return _refused("invalid_scope")
    with serving_all(), edge.grove.database.transaction() as tx:
        asking = accounts.ask_for_device(tx, visit=visit_of(request, source=Source.API), scopes=scopes, now=now)
    address = f"{base_address(request, edge)}/device"
    return DeviceOut(
        device_code=asking.secret,
        user_code=asking.code,
        verification_uri=address,
        verification_uri_complete=f"{address}?code={asking.code}",
        expires_in=asking.seconds,
        interval=asking.interval_seconds,
    )


@router.post("/token", response_model=DeviceTokenOut, responses=_REFUSED, openapi_extra=needs(PUBLIC))
def redeem_device(
    wanted: Annotated[DeviceTokenIn, FormField()], request: Request, edge: EdgeOf
) -> DeviceTokenOut | Response:
    """Get the secret of the session that the user has approved, once."""
    now, visit = datetime.now(UTC), visit_of(request, source=Source.API)
    life = device_life(edge.grove.settings)
    with serving_all(), edge.grove.database.transaction() as tx:
        answer = accounts.redeem_device(tx, secret=wanted.device_code, visit=visit, life=life, now=now)
    if isinstance(answer, DeviceAnswer):
        if answer is DeviceAnswer.UNKNOWN:
            edge.grove.rates.take(address_of(request), sort="failures", now=now)
        return _refused(answer)
    return DeviceTokenOut(
        access_token=answer.secret,
        token_type="Bearer",  # noqa: S106 - not a password
        expires_in=life.seconds_max,
        scope=" ".join(sorted(answer.session.scopes)),
    )


@pages.get("/device", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs("device.decide"))
def show_device(
    request: Request, edge: EdgeOf, code: Annotated[str, Query(max_length=CODE_CHARACTERS_MAX)] = ""
) -> Response:
    """Ask for a code, or what to do about the program that shows it; looking decides nothing."""
    viewer = viewer_of(request, edge)
    if viewer is None:
        return to_login(request)
    if not code:
        return _code_form()
    now = datetime.now(UTC)
    try:
        edge.grove.rates.take(f"user {viewer.actor.id}", sort="devices", now=now)
        with edge.grove.database.transaction() as tx:
            waiting = accounts.look_at_device(tx, code=code, now=now)
    except GroveError as refused:
        return _code_form(refused)
    return _decision_form(viewer, waiting, code)


@pages.post("/device", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs("device.decide"))
def decide_device(request: Request, edge: EdgeOf, form: Annotated[Form, Depends(form_of)]) -> Response:
    """Let a program in as oneself, or do not."""
    viewer = viewer_of(request, edge)
    if viewer is None:
        return to_login(request)
    now, approved = datetime.now(UTC), form.get("decision") == "approve"
    try:
        require_form(request, edge, form, viewer=viewer)
        edge.grove.rates.take(f"user {viewer.actor.id}", sort="devices", now=now)
        with edge.grove.database.transaction() as tx:
            accounts.decide_device(
                tx, actor=viewer.actor, code=form.get("code", "")[:CODE_CHARACTERS_MAX], approved=approved, now=now
            )
    except GroveError as refused:
        return _code_form(refused)
    told = "It is let in: go back to your terminal." if approved else "It is not let in."
    return page(TITLE, f'<p>{told}</p><p><a href="/account">Your account</a></p>')


def _code_form(refused: GroveError | None = None) -> Response:
    told = f'<p role="alert"><strong>{escape(refused.message)}</strong></p>' if refused is not None else ""
    return page(
        TITLE,
        f"""{told}
<form method="get" action="/device">
<label>The code that <code>grove login</code> shows
<input name="code" required maxlength="{CODE_CHARACTERS_MAX}" autocomplete="off" autocapitalize="characters"></label>
<button>Go on</button>
</form>""",
        status=status_of(refused) if refused is not None else 200,
    )


def _decision_form(viewer: Viewer, waiting: WaitingDevice, code: str) -> Response:
    return page(
        TITLE,
        f"""
<p>A program at <strong>{escape(waiting.address)}</strong> that calls itself <strong>{escape(waiting.client)}</strong>
wants to act as <strong>{escape(viewer.actor.name)}</strong>: {escape(", ".join(sorted(waiting.scopes)))}.</p>
<p>It shows the code <strong>{escape(code)}</strong>. Let it in only if you have just typed
<code>grove login</code> yourself, and your terminal shows this code:
whoever else sent you here would get into your account.</p>
<form method="post" action="/device">{viewer.csrf_field}
<input type="hidden" name="code" value="{escape(code)}">
<button name="decision" value="approve">Let it in</button>
<button name="decision" value="refuse">Do not</button>
</form>""",
    )


def _refused(error: str) -> JSONResponse:
    return JSONResponse({"error": error}, status_code=400)
