"""Setting a server up through its single-use link: a form for people, a route for programs."""

from datetime import UTC, datetime
from html import escape
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field, ValidationError

from grove import accounts
from grove.accounts import Issued, NewAdministrator, SetupLinkInvalid
from grove.api.accounts import IssuedOut
from grove.api.edge import Edge, EdgeOf
from grove.api.forms import Form, form_of
from grove.api.pages import base_address, page
from grove.api.problems import status_of
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Line, Received

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
    """Make the first administrator and show its token, once."""
    try:
        issued = _use_link(edge, SetupIn.model_validate(form))
    except ValidationError:
        return page(TITLE, _form(form.get("token", ""), wrong="A name is needed."), status=422)
    except SetupLinkInvalid as invalid:
        return page(TITLE, f"<p>{escape(invalid.message)}</p>", status=status_of(invalid))
    body = f"""
<p>This is your token. It is shown this once, so put it where you keep passwords:</p>
<pre>{escape(issued.secret)}</pre>
<p>Then, in a terminal:</p>
<pre>grove login {escape(base_address(request, edge))}</pre>"""
    return page("Grove is set up", body)


def _use_link(edge: Edge, wanted: SetupIn) -> Issued:
    administrator = NewAdministrator(name=wanted.name, email=wanted.email)
    with edge.grove.database.transaction() as tx:
        return accounts.use_setup_link(tx, secret=wanted.token, administrator=administrator, now=datetime.now(UTC))


def _form(token: str, *, wrong: str = "") -> str:
    return f"""
<p>{escape(wrong) or "Who is the first administrator?"}</p>
<form method="post" action="/setup">
<input type="hidden" name="token" value="{escape(token)}">
<label>Name <input name="name" required maxlength="200" autocomplete="name"></label>
<label>E-mail address, if you like <input name="email" type="email" maxlength="200" autocomplete="email"></label>
<button>Set up</button>
</form>"""
