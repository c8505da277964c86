"""Setting a server up through its single-use link: a form for people, a route for programs."""

from datetime import UTC, datetime
from html import escape
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field, ValidationError

from grove import accounts
from grove.accounts import (
    Issued,
    NewAdministrator,
    Opened,
    PasswordUnfit,
    Scope,
    SetupLinkInvalid,
    SignIn,
    Visit,
)
from grove.api.accounts import IssuedOut
from grove.api.edge import Edge, EdgeOf
from grove.api.forms import Form, form_of
from grove.api.pages import base_address, page
from grove.api.problems import status_of
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Line, Received
from grove.api.signing_in import keep_session
from grove.api.visits import visit_of
from grove.kit.gate import Source
from grove.kit.tenancy import serving_all
from grove.wiring import session_life

TITLE: Final = "Set up Grove"

router = router_at(tag="set-up")


class SetupIn(Received):
    """The secret of the set-up link, and who the first administrator is to be."""

    token: Line = Field(examples=["setup_…"])
    name: Line
    email: Line | None = None


@router.post("/api/v1/setup", status_code=201, openapi_extra=needs(PUBLIC))
def set_up(wanted: SetupIn, edge: EdgeOf) -> IssuedOut:
    """Make the first administrator and its token, once."""
    return IssuedOut.model_validate(_use_link(edge, wanted))


@router.get("/setup", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def show_setup_form(token: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    """The form behind a set-up link; looking at it uses nothing up."""
    return page(TITLE, _form(token))


@router.post("/setup", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def send_setup_form(request: Request, form: Annotated[Form, Depends(form_of)], edge: EdgeOf) -> HTMLResponse:
    """Make the first administrator, sign them in with this browser, and show their token, once."""
    visit, password = visit_of(request, source=Source.SETUP), form.pop("password", "")
    try:
        wanted = SetupIn.model_validate(form)
        hashed = accounts.hash_password(password, name=wanted.name) if password else None
        issued, opened = _begin(edge, wanted, hashed=hashed, visit=visit)
    except ValidationError:
        return page(TITLE, _form(form.get("token", ""), wrong="A name is needed."), status=422)
    except PasswordUnfit as unfit:
        return page(TITLE, _form(form.get("token", ""), wrong=str(unfit)), status=status_of(unfit))
    except SetupLinkInvalid as invalid:
        return page(TITLE, f"<p>{escape(invalid.message)}</p>", status=status_of(invalid))
    body = f"""
<p>This is your token. It is shown this once, so put it where you keep passwords:</p>
<pre>{escape(issued.secret)}</pre>
<p>Then, in a terminal:</p>
<pre>grove login {escape(base_address(request, edge))}</pre>
<p>You are signed in with this browser: <a href="/account">your account</a>.</p>"""
    response = page("Grove is set up", body)
    keep_session(response, request, edge, opened)
    return response


def _begin(edge: Edge, wanted: SetupIn, *, hashed: str | None, visit: Visit) -> tuple[Issued, Opened]:
    """Make the administrator and open their first session, both or neither."""
    administrator = NewAdministrator(name=wanted.name, email=wanted.email)
    now, life = datetime.now(UTC), session_life(edge.grove.settings)
    with serving_all(), edge.grove.database.transaction() as tx:
        issued = accounts.use_setup_link(tx, secret=wanted.token, administrator=administrator, now=now)
        tx.serve(issued.token.tenant_id)
        owner_id = issued.token.principal_id
        if hashed is not None:
            owner = accounts.actor_of(tx, principal_id=owner_id, source=visit.source, scopes=frozenset(Scope))
            accounts.set_password(tx, actor=owner, principal_id=owner_id, hashed=hashed, now=now)
        opened = accounts.open_session(tx, principal_id=owner_id, method=SignIn.SETUP, visit=visit, life=life, now=now)
    return issued, opened


def _use_link(edge: Edge, wanted: SetupIn) -> Issued:
    administrator = NewAdministrator(name=wanted.name, email=wanted.email)
    with serving_all(), edge.grove.database.transaction() as tx:
        return accounts.use_setup_link(tx, secret=wanted.token, administrator=administrator, now=datetime.now(UTC))


def _form(token: str, *, wrong: str = "") -> str:
    return f"""
<p>{escape(wrong) or "Who is the first administrator?"}</p>
<form method="post" action="/setup">
<input type="hidden" name="token" value="{escape(token)}">
<label>Name <input name="name" required maxlength="200" autocomplete="name"></label>
<label>E-mail address, if you like <input name="email" type="email" maxlength="200" autocomplete="email"></label>
<label>Password to sign in with later, if you like: 12 characters or more
<input name="password" type="password" maxlength="1024" autocomplete="new-password"></label>
<button>Set up</button>
</form>"""
