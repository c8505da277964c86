"""Signing in at an OpenID provider: the way there, and the way back."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from grove import accounts
from grove.accounts import IdentityRefused, Opened
from grove.api.cookies import Cookies
from grove.api.edge import Edge, EdgeOf
from grove.api.errors import ProviderAbsent
from grove.api.login import tell_refusal
from grove.api.pages import base_address
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.signing_in import HOME, SEE_OTHER, Next, enter, local_path, login_form
from grove.api.visits import visit_of
from grove.kit.errors import GroveError
from grove.kit.gate import Source
from grove.kit.tenancy import serving_all
from grove.oidc import Flow, Provider, SignInInterrupted
from grove.wiring import admission_of, session_life

FLOW: Final = "grove_flow"
FLOW_SECONDS: Final = 600
CALLBACK: Final = "/login/oidc/callback"
ANSWER_CHARACTERS_MAX: Final = 16_384

router = router_at(tag="pages")


@router.get("/login/oidc", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def go_to_provider(request: Request, edge: EdgeOf, next: Next = HOME) -> Response:  # noqa: A002 - as it is in the address
    """Send the browser to the provider, and have it remember that it was sent."""
    after = local_path(next)
    try:
        flow = Flow.new()
        with edge.looks.one():
            address = _provider(edge).address_for(flow, redirect_uri=_redirect_uri(request, edge))
    except GroveError as refused:
        return login_form(request, edge, after=after, refused=refused)
    response = RedirectResponse(address, SEE_OTHER)
    # The cookie goes with the way back, for that is a link from elsewhere: `Lax` lets it.
    Cookies(request, edge).give(response, FLOW, _kept(flow, after), seconds=FLOW_SECONDS)
    return response


@router.get(CALLBACK, response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def come_back_from_provider(request: Request, edge: EdgeOf) -> Response:
    """Let in whom the provider vouches for."""
    cookies = Cookies(request, edge)
    kept = _unkept(cookies.read(FLOW))
    after = kept[1] if kept is not None else HOME
    visit = visit_of(request, source=Source.WEB)
    try:
        opened = _opened(request, edge, kept[0] if kept is not None else None)
        response = enter(request, edge, opened, after=after)
    except GroveError as refused:
        edge.metrics.auth_failures.labels("oidc").inc()
        tell_refusal(request, edge, visit, refused=refused)
        response = login_form(request, edge, after=after, refused=refused)
    cookies.drop(response, FLOW)  # once, whatever came of it
    return response


def _opened(request: Request, edge: Edge, flow: Flow | None) -> Opened:
    if flow is None or len(request.url.query) > ANSWER_CHARACTERS_MAX:
        raise SignInInterrupted
    came_back = dict(request.query_params)
    if len(came_back) != len(request.query_params.multi_items()):
        raise SignInInterrupted(reason="something stands twice")
    with edge.looks.one():
        redirect_uri, now = _redirect_uri(request, edge), datetime.now(UTC)
        vouched = _provider(edge).claims_for(flow, came_back, redirect_uri=redirect_uri, now=now)
    settings = edge.grove.settings
    with serving_all(), edge.grove.database.transaction() as tx:
        opened = accounts.sign_in_vouched(
            tx,
            vouched=vouched,
            admission=admission_of(settings),
            visit=visit_of(request, source=Source.WEB),
            life=session_life(settings),
            now=now,
        )
    if opened is None:
        raise IdentityRefused(name=vouched.name)
    return opened


def _provider(edge: Edge) -> Provider:
    if edge.grove.oidc is None:
        raise ProviderAbsent
    return edge.grove.oidc


def _redirect_uri(request: Request, edge: Edge) -> str:
    return f"{base_address(request, edge)}{CALLBACK}"


def _kept(flow: Flow, after: str) -> str:
    return f"{flow.secret}.{base64.urlsafe_b64encode(after.encode()).decode().rstrip('=')}"


def _unkept(cookie: str | None) -> tuple[Flow, str] | None:
    secret, _, after = (cookie or "").partition(".")
    if not secret:
        return None
    try:
        path = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except (ValueError, binascii.Error):
        return None
    return Flow(secret), path
