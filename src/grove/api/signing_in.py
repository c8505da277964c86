"""The pages where people sign in, see where they are signed in, and sign out: forms, no script."""

from datetime import UTC, datetime
from html import escape
from typing import Annotated, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from grove import accounts
from grove.accounts import Opened, SignedIn
from grove.api.cookies import SESSION, Cookies
from grove.api.edge import Edge, EdgeOf
from grove.api.forms import Form, Viewer, form_of, new_viewer_form, require_form, viewer_of
from grove.api.login import sign_in_by_password
from grove.api.pages import page
from grove.api.problems import status_of
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.visits import visit_of
from grove.kit.errors import GroveError
from grove.kit.gate import Source

HOME: Final = "/account"
PATH_CHARACTERS_MAX: Final = 2_000
SEE_OTHER: Final = 303
NAME_CHARACTERS_MAX: Final = 200

router = router_at(tag="pages")
Next = Annotated[str, Query(max_length=PATH_CHARACTERS_MAX)]


@router.get("/login", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def show_login_form(request: Request, edge: EdgeOf, next: Next = HOME) -> Response:  # noqa: A002 - as it is in the address
    """The form to sign in; whoever is signed in goes on."""
    if viewer_of(request, edge) is not None:
        return RedirectResponse(local_path(next), SEE_OTHER)
    return login_form(request, edge, after=next)


@router.post("/login", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def send_login_form(request: Request, edge: EdgeOf, form: Annotated[Form, Depends(form_of)]) -> Response:
    """Sign in by name and password, and go on."""
    after, visit = form.get("next", HOME), visit_of(request, source=Source.WEB)
    try:
        require_form(request, edge, form, viewer=None)
        name, password = form.get("name", ""), form.get("password", "")
        if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
            raise accounts.SignInRefused
        opened = sign_in_by_password(request, edge, visit, name=name, password=password)
    except GroveError as refused:
        return login_form(request, edge, after=after, refused=refused)
    return enter(request, edge, opened, after=after)


@router.post("/logout", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs("session.close"))
def send_logout_form(request: Request, edge: EdgeOf, form: Annotated[Form, Depends(form_of)]) -> Response:
    """Sign out."""
    viewer = viewer_of(request, edge)
    if viewer is not None:
        require_form(request, edge, form, viewer=viewer)
        with edge.grove.database.transaction() as tx:
            accounts.close_session(tx, actor=viewer.actor, secret=viewer.secret, now=datetime.now(UTC))
    response = RedirectResponse("/login", SEE_OTHER)
    Cookies(request, edge).drop(response, SESSION)
    return response


@router.get(HOME, response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs("session.list"))
def show_account(request: Request, edge: EdgeOf) -> Response:
    """Who one is, and where one is signed in."""
    viewer = viewer_of(request, edge)
    if viewer is None:
        return to_login(request)
    now = datetime.now(UTC)
    with edge.grove.database.reading() as tx:
        sessions = accounts.list_sessions(tx, actor=viewer.actor, principal_id=viewer.actor.id, now=now)
    rows = "".join(_session_row(session, viewer) for session in sessions)
    return page(
        "Your account",
        f"""
<p>You are <strong>{escape(viewer.actor.name)}</strong>, {escape(viewer.actor.role)}.</p>
<form method="post" action="/logout">{viewer.csrf_field}<button>Sign out</button></form>
<h2>Where you are signed in</h2>
<table><tr><th>By</th><th>From</th><th>With</th><th>Last used</th><th></th></tr>{rows}</table>
<p><a href="/device">Let a command line in</a> · <a href="/">Start</a></p>""",
    )


@router.post(
    HOME + "/sessions/{session_id}/end",
    response_class=HTMLResponse,
    include_in_schema=False,
    openapi_extra=needs("session.end"),
)
def send_end_form(
    session_id: UUID, request: Request, edge: EdgeOf, form: Annotated[Form, Depends(form_of)]
) -> Response:
    """Sign out elsewhere."""
    viewer = viewer_of(request, edge)
    if viewer is None:
        return to_login(request)
    require_form(request, edge, form, viewer=viewer)
    with edge.grove.database.transaction() as tx:
        accounts.end_session(tx, actor=viewer.actor, session_id=str(session_id), now=datetime.now(UTC))
    return RedirectResponse(HOME, SEE_OTHER)


def enter(request: Request, edge: Edge, opened: Opened, *, after: str) -> Response:
    """Go on as somebody who has just signed in: with a new secret, and without the session that there was before."""
    _leave(request, edge)
    response = RedirectResponse(local_path(after), SEE_OTHER)
    keep_session(response, request, edge, opened)
    return response


def keep_session(response: Response, request: Request, edge: Edge, opened: Opened) -> None:
    """Give the browser the cookie of a session."""
    seconds = int((opened.session.latest_at - opened.session.created_at).total_seconds())
    Cookies(request, edge).give(response, SESSION, opened.secret, seconds=seconds)


def to_login(request: Request) -> Response:
    """Have somebody sign in first, and come back."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(asked, safe='')}", SEE_OTHER)


def local_path(wanted: str) -> str:
    """Where to go on: a path of this server, and never another one's, however it is spelt."""
    parts = urlsplit(wanted)
    is_plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted and len(wanted) <= PATH_CHARACTERS_MAX
    is_local = wanted.startswith("/") and not wanted.startswith("//") and not (parts.scheme or parts.netloc)
    return wanted if is_plain and is_local else HOME


def _leave(request: Request, edge: Edge) -> None:
    viewer = viewer_of(request, edge)
    if viewer is not None:
        with edge.grove.database.transaction() as tx:
            accounts.close_session(tx, actor=viewer.actor, secret=viewer.secret, now=datetime.now(UTC))


def login_form(request: Request, edge: Edge, *, after: str, refused: GroveError | None = None) -> Response:
    """The form to sign in, with what was wrong the last time."""
    form = new_viewer_form(request, edge)
    told = f'<p role="alert"><strong>{escape(refused.message)}</strong></p>' if refused is not None else ""
    response = page(
        "Sign in",
        f"""
{told}
<form method="post" action="/login">{form.csrf_field}
<input type="hidden" name="next" value="{escape(local_path(after))}">
<label>Name or e-mail address <input name="name" required maxlength="200" autocomplete="username"></label>
<label>Password
<input name="password" type="password" required maxlength="1024" autocomplete="current-password"></label>
<button>Sign in</button>
</form>
{_provider_link(edge, after)}""",
        status=status_of(refused) if refused is not None else 200,
    )
    form.keep(response, request, edge)
    return response


def _provider_link(edge: Edge, after: str) -> str:
    if edge.grove.oidc is None:
        return ""
    address = f"/login/oidc?next={quote(local_path(after), safe='')}"
    return f'<p>Or <a href="{escape(address)}">sign in with {escape(edge.grove.settings.oidc_name)}</a>.</p>'


def _session_row(session: SignedIn, viewer: Viewer) -> str:
    cells = (session.method, session.address, session.client, f"{session.seen_at:%Y-%m-%d %H:%M} UTC")
    end = (
        f'<form method="post" action="{HOME}/sessions/{session.id}/end">{viewer.csrf_field}<button>End</button></form>'
    )
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + f"<td>{end}</td></tr>"
