"""`grove login`, `grove logout` and `grove whoami`."""

import time
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from grove.cli.asking import read_secret
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.hosts import Host, is_loopback, normal_url
from grove.cli.output import Column
from grove.cli.refusal import Context, Refused, failure_of
from grove.cli.session import Session

if TYPE_CHECKING:
    from grove.cli.client import Client

app = typer.Typer()

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER_SECONDS = 5.0
WHY = {
    "access_denied": "it was refused in the browser",
    "expired_token": "nobody has let it in in time",
    "invalid_grant": "the server does not know the code any more",
    "invalid_scope": "a scope is read, write or admin",
}
FIELDS = ("id", "name", "role", "scopes", "tenant_id")
ME = (
    Column("NAME", lambda item: item["name"]),
    Column("ROLE", lambda item: item["role"]),
    Column("SCOPES", lambda item: item["scopes"]),
)


@command(app, "login", failing="You are not signed in.", fields=FIELDS)
def login(
    session: Session,
    *,
    url: Annotated[str, typer.Argument(metavar="URL", help="The server's address.")],
    with_token: Annotated[bool, typer.Option("--with-token", help="Sign in with a token, typed or piped in.")] = False,
    user: Annotated[str | None, typer.Option(help="Sign in with this name and a password, for half a day.")] = None,
    with_password: Annotated[bool, typer.Option("--with-password", help="Read it from standard input.")] = False,
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may be used for: read, write, admin; else all.")
    ] = None,
) -> None:
    """Sign in to a server with your browser; it is used from then on."""
    address = normal_url(url)
    command_line = f"grove login {address}"
    if address.startswith("http:") and not is_loopback(address):
        session.output.note("This address has no TLS: others on the network can read the token.", style="yellow")
    if with_token:
        token = read_secret(what="token", command=command_line, stdin=not session.is_interactive)
    elif user is not None:
        password = read_secret(what="password", command=command_line, stdin=with_password)
        token = _signed_in(session, address, user=user, password=password, command=command_line)
    else:
        token = _let_in(session, address, scopes=scope or [], command=command_line)
    me = _verified(session, Host(url=address, token=token, user=""), command=command_line)
    session.hosts.remember(Host(url=address, token=token, user=me["name"]))
    session.output.item(me, ME)
    session.output.note(f"Signed in to {address}; the token is in {session.hosts.path}.")


@command(app, "logout", failing="You are not signed out.")
def logout(session: Session) -> None:
    """Forget the token of a server; one of a sign-in is worthless then, others are valid until they are revoked."""
    known = session.hosts.find(session.url)
    if known is None:
        raise Failure(
            "You are not signed out.",
            why=f"there is no token for {session.url}",
            next_step="grove whoami",
            exit_code=Exit.NOT_FOUND,
        )
    session.hosts.forget(known.url)
    try:
        with session.connect(known) as client:
            ended = bool(client.delete("/login")["revoked"])
    except Refused:
        ended = False  # it is forgotten here, whatever the server says
    after = "worthless now" if ended else "forgotten; grove token revoke makes one worthless"
    session.output.note(f"The token for {known.url} is {after}.")


@command(app, "whoami", failing="The server does not know you.", fields=FIELDS)
def whoami(session: Session) -> None:
    """Show who you are to the server, and what you may do."""
    session.output.item(session.client.get("/me"), ME)
    session.output.note(session.url)


def _let_in(session: Session, address: str, *, scopes: list[str], command: str) -> str:
    """The secret that the server gives when the user has let this command in with a browser.

    :raises Failure: if they have not.
    """
    try:
        with session.connect(Host(url=address, token="-", user="")) as client:  # noqa: S106 - nobody is signed in yet
            asking = _asked(client, "authorization", {"scope": " ".join(scopes)} if scopes else {})
            session.output.note(f"Open {asking['verification_uri_complete']}")
            session.output.note(f"and let this command in if the page shows the code {asking['user_code']}.")
            return _waited_for(client, asking)
    except Refused as refused:
        if refused.problem_code in WHY:
            raise _not_let_in(WHY[refused.problem_code], command) from refused
        context = Context(command=command, host=address, subject=address)
        raise failure_of(refused, what="You are not signed in.", context=context) from refused


def _waited_for(client: "Client", asking: dict[str, Any]) -> str:
    fields = {"grant_type": GRANT, "device_code": str(asking["device_code"])}
    interval, deadline = float(asking["interval"]), time.monotonic() + float(asking["expires_in"])
    while time.monotonic() < deadline:
        time.sleep(interval)
        try:
            return str(_asked(client, "token", fields)["access_token"])
        except Refused as refused:
            if refused.problem_code not in {"authorization_pending", "slow_down"}:
                raise
            interval += SLOWER_SECONDS if refused.problem_code == "slow_down" else 0.0
    raise Refused(status=400, problem_code="expired_token", reason="")


def _asked(client: "Client", what: str, fields: dict[str, str]) -> dict[str, Any]:
    content = urlencode({"client_id": "grove", **fields}).encode()
    return client.post_bytes(f"/device/{what}", content, kind="application/x-www-form-urlencoded")


def _not_let_in(reason: str, command: str) -> Failure:
    return Failure("You are not signed in.", why=reason, next_step=command, exit_code=Exit.DENIED)


def _signed_in(session: Session, address: str, *, user: str, password: str, command: str) -> str:
    try:
        with session.connect(Host(url=address, token="-", user=user)) as client:  # noqa: S106 - nobody is signed in yet
            return str(client.post("/login", {"name": user, "password": password})["secret"])
    except Refused as refused:
        context = Context(command=command, host=address, subject=user)
        raise failure_of(refused, what="You are not signed in.", context=context) from refused


def _verified(session: Session, server: Host, *, command: str) -> dict[str, Any]:
    try:
        with session.connect(server) as client:
            return client.get("/me")
    except Refused as refused:
        context = Context(command=command, host=server.url, subject=server.url)
        raise failure_of(refused, what="You are not signed in.", context=context) from refused
