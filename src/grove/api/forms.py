"""Forms: their fields, who sends them, and the proof that it was our page that made them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request, Response

from grove import accounts
from grove.accounts import TokenInvalid
from grove.api.cookies import FORM, SESSION, Cookies, csrf_token, is_csrf_token
from grove.api.edge import Edge
from grove.api.errors import FormStale
from grove.kit.gate import Actor, Source
from grove.kit.ids import new_secret
from grove.kit.tenancy import serve, serving_all

FORM_FIELDS_MAX: Final = 8
CSRF_FIELD: Final = "csrf"
FORM_SECONDS: Final = 3_600

Form = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who has signed in with this browser."""

    actor: Actor
    secret: str = field(repr=False)

    @property
    def csrf_field(self) -> str:
        """What their forms hold."""
        return _csrf_field(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerForm:
    """A form for somebody who has not signed in yet."""

    secret: str = field(repr=False)

    @property
    def csrf_field(self) -> str:
        """What it holds."""
        return _csrf_field(self.secret)

    def keep(self, response: Response, request: Request, edge: Edge) -> None:
        """Have the browser remember whose form it is."""
        Cookies(request, edge).give(response, FORM, self.secret, seconds=FORM_SECONDS)


async def form_of(request: Request) -> Form:
    """The fields of a form; those that were left empty are not there."""
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=FORM_FIELDS_MAX))
    except ValueError:
        return {}


def viewer_of(request: Request, edge: Edge) -> Viewer | None:
    """Who looks at a page, if they have signed in with this browser; the rest of the request is for their tenant."""
    secret, now = Cookies(request, edge).read(SESSION), datetime.now(UTC)
    if secret is None:
        return None
    try:
        with serving_all(), edge.grove.database.reading() as tx:
            actor = accounts.authenticate(tx, secret=secret, source=Source.WEB, now=now)
    except TokenInvalid:
        return None
    serve(actor.tenant_id)
    if edge.token_uses.is_due(secret):
        with edge.grove.database.transaction() as tx:
            accounts.mark_token_used(tx, secret=secret, now=now)
    return Viewer(actor=actor, secret=secret)


def new_viewer_form(request: Request, edge: Edge) -> ViewerForm:
    """A form for somebody who has not signed in yet."""
    return ViewerForm(secret=Cookies(request, edge).read(FORM) or new_secret("form_"))


def require_form(request: Request, edge: Edge, form: Form, *, viewer: Viewer | None) -> None:
    """Return when a page of ours, shown to this browser, has made this form.

    :raises FormStale: if not.
    """
    secret = viewer.secret if viewer is not None else Cookies(request, edge).read(FORM)
    if secret is None or not is_csrf_token(form.get(CSRF_FIELD, ""), secret):
        raise FormStale


def _csrf_field(secret: str) -> str:
    return f'<input type="hidden" name="{CSRF_FIELD}" value="{escape(csrf_token(secret))}">'
