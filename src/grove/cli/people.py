"""`grove token`, `grove project` and `grove user`."""

import re
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from grove.cli.asking import read_secret
from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure
from grove.cli.hosts import Host
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_age
from grove.cli.session import Session

tokens = typer.Typer(no_args_is_help=True, help="Tokens: what you sign in with.")
projects = typer.Typer(no_args_is_help=True, help="Projects: groups of repositories.")
users = typer.Typer(no_args_is_help=True, help="Users, agents that act for them, and services.")

TOKEN_FIELDS = (
    "id",
    "principal_id",
    "name",
    "hint",
    "scopes",
    "created_at",
    "expires_at",
    "last_used_at",
    "revoked_at",
    "replaced_by",
)
PROJECT_FIELDS = ("id", "name")
USER_FIELDS = ("id", "kind", "name", "email", "role", "active", "acts_for", "created_at")
SESSION_FIELDS = (
    "id",
    "principal_id",
    "method",
    "address",
    "client",
    "scopes",
    "created_at",
    "seen_at",
    "expires_at",
    "latest_at",
    "ended_at",
)
ISSUED_FIELDS = ("token", "secret")
LIST_MAX = 10_000
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _state(token: Mapping[str, Any]) -> str:
    """How a token stands, whatever its date of expiry."""
    if token["revoked_at"]:
        return "revoked"
    return "replaced" if token["replaced_by"] else "valid"


UserArgument = Annotated[str, typer.Argument(metavar="USER", help="A name, or an id.")]
TokenArgument = Annotated[str, typer.Argument(metavar="ID", help="The token's id.")]

TOKENS = (
    Column("ID", lambda item: item["id"]),
    Column("NAME", lambda item: item["name"]),
    Column("SCOPES", lambda item: item["scopes"]),
    Column("CREATED", lambda item: item["created_at"], lambda item: shown_age(item["created_at"])),
    Column("EXPIRES", lambda item: item["expires_at"], lambda item: shown_age(item["expires_at"])),
    Column("USED", lambda item: item["last_used_at"], lambda item: shown_age(item["last_used_at"])),
    Column("STATE", _state),
)
SESSIONS = (
    Column("ID", lambda item: item["id"]),
    Column("BY", lambda item: item["method"]),
    Column("FROM", lambda item: item["address"]),
    Column("WITH", lambda item: item["client"]),
    Column("USED", lambda item: item["seen_at"], lambda item: shown_age(item["seen_at"])),
    Column("ENDS", lambda item: item["expires_at"], lambda item: shown_age(item["expires_at"])),
)
PROJECTS = (Column("NAME", lambda item: item["name"]), Column("ID", lambda item: item["id"]))
USERS = (
    Column("NAME", lambda item: item["name"]),
    Column("KIND", lambda item: item["kind"]),
    Column("ROLE", lambda item: item["role"]),
    Column("EMAIL", lambda item: item["email"]),
    Column("STATE", lambda item: "active" if item["active"] else "shut out"),
    Column("ACTS FOR", lambda item: item.get("patron", item["acts_for"])),
    Column("ID", lambda item: item["id"]),
)


@command(tokens, "create", failing="The token was not made.", fields=ISSUED_FIELDS)
def create_token(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; read when none is named.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How long it is valid.")] = 90,
    user: Annotated[str | None, typer.Option(help="Whose it is to be, by name or id; else yours.")] = None,
) -> None:
    """Make a token; its secret is shown this once."""
    body = {"name": name, "scopes": scope or ["read"], "days": days, "principal_id": _id_of(session, user)}
    issued = session.client.post("/tokens", body)
    _show(session, issued)


@command(tokens, "rotate", failing="The token was not replaced.", fields=ISSUED_FIELDS)
def rotate_token(
    session: Session,
    *,
    token: TokenArgument,
    overlap_hours: Annotated[int, typer.Option(min=0, help="For how long the old one goes on working.")] = 24,
) -> None:
    """Put a new token in the place of one; its secret is shown this once."""
    _show(session, session.client.post(f"/tokens/{token}/rotate", {"overlap_hours": overlap_hours}))
    session.output.note(f"The old one works for {overlap_hours} hours more.")


@command(tokens, "leaked", failing="The token was not ended.")
def report_leak(
    session: Session,
    *,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read the token from standard input.")] = False,
) -> None:
    """End a token that was found where it should not be; whoever has found it may do so."""
    found = read_secret(what="token", command=session.command, stdin=stdin)
    with session.connect(Host(url=session.url, token=found, user="")) as client:
        told = client.post("/tokens/leaked", {"token": found})
    ended = "It is worthless now." if told["revoked"] else "No token that works here is that one."
    session.output.line(ended)


@command(tokens, "list", failing="The tokens could not be listed.", fields=TOKEN_FIELDS)
def list_tokens(
    session: Session,
    *,
    user: Annotated[str | None, typer.Option(help="Whose, by name or id; else yours.")] = None,
) -> None:
    """List your tokens, or those of an agent that acts for you."""
    found = session.client.items("/tokens", limit=LIST_MAX, user_id=_id_of(session, user))
    session.output.items(found, TOKENS, empty="There are no tokens.")


@command(tokens, "revoke", failing="The token was not revoked.")
def revoke_token(session: Session, *, token: TokenArgument) -> None:
    """Make a token worthless from now on."""
    session.client.delete(f"/tokens/{token}")
    session.output.note(f"Token {token} is worthless now.")


@command(projects, "list", failing="The projects could not be listed.", fields=PROJECT_FIELDS)
def list_projects(session: Session) -> None:
    """List the projects."""
    session.output.items(session.client.items("/projects", limit=LIST_MAX), PROJECTS, empty="No projects.")


@command(projects, "create", failing="The project was not made.", fields=PROJECT_FIELDS)
def create_project(
    session: Session, *, name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")]
) -> None:
    """Make a project."""
    session.output.row(session.client.post("/projects", {"name": name}), PROJECTS)


@command(users, "list", failing="The users could not be listed.", fields=USER_FIELDS)
def list_users(session: Session) -> None:
    """List users, agents and services; yourself and your agents unless you are a maintainer."""
    found = session.client.items("/users", limit=LIST_MAX)
    if not session.output.is_json:
        names = {item["id"]: item["name"] for item in found}
        found = [{**item, "patron": names.get(item["acts_for"], item["acts_for"])} for item in found]
    session.output.items(found, USERS, empty="No users.")


@command(users, "create", failing="The user was not made.", fields=USER_FIELDS)
def create_user(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they are called.")],
    role: Annotated[str, typer.Option(help="viewer, developer, maintainer or admin.")] = "developer",
    email: Annotated[str | None, typer.Option(help="Their address.")] = None,
    agent: Annotated[bool, typer.Option("--agent", help="An agent that acts for you, not a person.")] = False,
    service: Annotated[bool, typer.Option("--service", help="A program that acts for itself.")] = False,
) -> None:
    """Make a user, an agent that has at most your own rights, or a service; give it a token to let it in."""
    if agent and service:
        raise Failure(
            "The user was not made.",
            why="--agent and --service exclude each other",
            next_step=f"{session.command} --help",
            exit_code=Exit.INVALID,
        )
    path = "/agents" if agent else "/services" if service else "/users"
    made = session.client.post(path, {"name": name, "role": role, "email": email})
    session.output.row(made, USERS)
    session.output.note(f"Let it in: grove token create NAME --user {shlex.quote(visible(made['name']))}")


@command(users, "role", failing="The role was not changed.", fields=USER_FIELDS)
def set_role(
    session: Session,
    *,
    user: UserArgument,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, developer, maintainer or admin.")],
) -> None:
    """Give a user, an agent or a service another role; it counts at once."""
    changed = session.client.put(f"/users/{_id_of(session, user)}/role", {"role": role})
    session.output.row(changed, USERS)


@command(users, "suspend", failing="The user was not shut out.", fields=USER_FIELDS)
def suspend_user(session: Session, *, user: UserArgument) -> None:
    """Shut a user, an agent or a service out at once, whatever tokens it holds."""
    _let(session, user, active=False)


@command(users, "resume", failing="The user was not let in.", fields=USER_FIELDS)
def resume_user(session: Session, *, user: UserArgument) -> None:
    """Let a user, an agent or a service in again."""
    _let(session, user, active=True)


@command(users, "password", failing="The password was not set.")
def set_password(
    session: Session,
    *,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose it is to be; else yours.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input.")] = False,
) -> None:
    """Set the password that a user signs in with; who signed in with the one before is signed out."""
    password = read_secret(what="password", command=session.command, stdin=stdin)
    identifier = _id_of(session, user) or session.client.get("/me")["id"]
    session.client.put(f"/users/{identifier}/password", {"password": password})
    session.output.note("The password is set.")


@command(users, "sessions", failing="The sessions could not be listed.", fields=SESSION_FIELDS)
def list_sessions(
    session: Session,
    *,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Whose, by name or id; else yours.")] = None,
) -> None:
    """List where a user is signed in."""
    found = session.client.items("/sessions", limit=LIST_MAX, user_id=_id_of(session, user))
    session.output.items(found, SESSIONS, empty="Nobody is signed in.")


@command(users, "sign-out", failing="The session was not ended.")
def end_session(
    session: Session, *, identifier: Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")]
) -> None:
    """End a session at once."""
    session.client.delete(f"/sessions/{identifier}")
    session.output.note(f"Session {identifier} has ended.")


def _let(session: Session, user: str, *, active: bool) -> None:
    changed = session.client.put(f"/users/{_id_of(session, user)}", {"active": active}, method="PATCH")
    session.output.row(changed, USERS)


def _id_of(session: Session, user: str | None) -> str | None:
    """The id of a user, an agent or a service, by its name unless it is an id already."""
    if user is None or _ID.fullmatch(user):
        return user
    known = session.client.items("/users", limit=LIST_MAX)
    found = [item["id"] for item in known if item["name"] == user]
    if len(found) != 1:
        raise Failure(
            f"{user} is not one user.",
            why=f"{counted(len(found), 'user')} of that name",
            next_step="grove user list",
            exit_code=Exit.NOT_FOUND,
        )
    return str(found[0])


def _show(session: Session, issued: dict[str, Any]) -> None:
    if session.output.is_json:
        session.output.json(issued)
    else:
        session.output.line(visible(issued["secret"]))
    session.output.note("Keep it now: it cannot be shown again.", style="yellow")
