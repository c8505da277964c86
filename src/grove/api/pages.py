"""The start page and how pages look: plain HTML, no script, everything escaped; and the description of the API."""

import base64
import hashlib
from html import escape
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from grove import __version__, accounts
from grove.api.edge import Edge, EdgeOf
from grove.api.routing import PUBLIC, needs, router_at
from grove.kit.tenancy import serving_all

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}"
    "pre{overflow-x:auto;padding:.75rem;border:1px solid #8884;border-radius:.4rem}"
    "label{display:block;margin:.75rem 0}"
    "input{display:block;width:100%;font:inherit;padding:.4rem;box-sizing:border-box}"
    "button{font:inherit;padding:.4rem 1rem}"
    "table{border-collapse:collapse}"
    "td,th{padding:.2rem .6rem .2rem 0;text-align:left}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # Under `no-referrer` a browser would send a form of ours with `Origin: null`, which is nobody's.
    "Referrer-Policy": "same-origin",
}

router = router_at(tag="pages")


@router.get("/", response_class=HTMLResponse, include_in_schema=False, openapi_extra=needs(PUBLIC))
def start_page(request: Request, edge: EdgeOf) -> HTMLResponse:
    """What this server is, and how to use it."""
    address = base_address(request, edge)
    with serving_all(), edge.grove.database.reading() as tx:
        is_set_up = accounts.is_set_up(tx)
    waiting = "" if is_set_up else "<p><strong>It waits for its first administrator</strong>: open the set-up link.</p>"
    body = f"""
<p>Grove {escape(__version__)} keeps git repositories mirrored and searchable at any commit, for people and agents.</p>
{waiting}
<h2>From a terminal</h2>
<pre>grove login {escape(address)}
grove add https://github.com/you/repository
grove search "where are tokens encrypted"</pre>
<h2>For an agent</h2>
<pre>claude mcp add --transport http grove {escape(address)}/mcp --header "Authorization: Bearer grove_…"</pre>
<h2>For a program</h2>
<pre>curl -H "Authorization: Bearer grove_…" "{escape(address)}/api/v1/search?q=retry"</pre>
<p><a href="/account">Your account</a> ·
<a href="/readyz?verbose">Is it ready?</a> · <a href="/api/v1/openapi.json">What can be asked?</a></p>"""
    return page("Grove", body)


@router.get("/api/v1/openapi.json", include_in_schema=False, openapi_extra=needs(PUBLIC))
def describe_api(request: Request) -> JSONResponse:
    """The OpenAPI description of every route."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi())


def page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    """A page; `body` is HTML in which everything from outside is escaped already."""
    content = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return HTMLResponse(content, status_code=status, headers=_HEADERS)


def base_address(request: Request, edge: Edge) -> str:
    """The address by which the server was reached, or is to be."""
    return (edge.grove.settings.base_url or str(request.base_url)).rstrip("/")
