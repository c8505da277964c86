"""`grove request`: repositories that somebody asks for, and the decisions about them."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_age, shown_bytes
from grove.cli.repositories import NameArgument, ReasonOption, find_repository
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Requests: repositories that wait for somebody who may approve them.")

FIELDS = (
    "id",
    "name",
    "url",
    "host",
    "forge",
    "visibility",
    "size_bytes",
    "state",
    "requester",
    "reason",
    "asked_at",
    "decision",
    "may_decide",
    "why_not",
)
LIST_MAX = 10_000


class State(StrEnum):
    """What was decided."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    ALL = "all"


def _decided(item: Any) -> str:
    decision = item["decision"] or {}
    reason = f": {decision['reason']}" if decision.get("reason") else ""
    return f"{decision.get('by', '')}{reason}"


LIST = (
    Column("NAME", lambda item: item["name"]),
    Column("ASKED BY", lambda item: item["requester"]),
    Column("ASKED", lambda item: item["asked_at"], lambda item: shown_age(item["asked_at"])),
    Column("REASON", lambda item: item["reason"]),
    Column("SIZE", lambda item: item["size_bytes"], lambda item: shown_bytes(item["size_bytes"])),
    Column("STATE", lambda item: item["state"]),
    Column("DECIDED BY", _decided),
)
VIEW = (
    *LIST,
    Column("URL", lambda item: item["url"]),
    Column("VISIBILITY", lambda item: item["visibility"]),
    Column("YOU", lambda item: item["why_not"] or "may decide"),
    Column("ID", lambda item: item["id"]),
)


@command(app, "list", failing="The requests could not be listed.", fields=FIELDS)
def list_requests(
    session: Session,
    *,
    state: Annotated[State, typer.Option("--state", help="What was decided.")] = State.WAITING,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=LIST_MAX, help="Requests at most.")] = 200,
) -> None:
    """List the requests that wait for a decision; or those that were decided."""
    wanted = "pending_approval" if state is State.WAITING else state.value
    found = session.client.items("/requests", limit=limit, state=wanted)
    session.output.items(found, LIST, empty="Nothing waits." if state is State.WAITING else "There is none.")


@command(app, "show", failing="The request could not be shown.", fields=FIELDS)
def show_request(session: Session, *, name: NameArgument) -> None:
    """Show who asked for a repository, why, and whether you may decide."""
    session.output.item(session.client.get(f"/requests/{find_repository(session, name)['id']}"), VIEW)


@command(app, "approve", failing="The request was not approved.", fields=FIELDS)
def approve_request(
    session: Session, *, name: NameArgument, reason: Annotated[str, typer.Option("--reason", help="Why.")] = ""
) -> None:
    """Have a repository mirrored and indexed that somebody asked for."""
    _decide(session, name, "approve", reason, note="Approved.")


@command(app, "reject", failing="The request was not rejected.", fields=FIELDS)
def reject_request(session: Session, *, name: NameArgument, reason: ReasonOption) -> None:
    """Refuse a repository that somebody asked for."""
    _decide(session, name, "reject", reason, note="Rejected.")


@command(app, "revoke", failing="The approval was not revoked.", fields=FIELDS)
def revoke_request(session: Session, *, name: NameArgument, reason: ReasonOption) -> None:
    """Take an approval back: from now on nothing of the repository is shown."""
    _decide(session, name, "revoke", reason, note="Revoked.")


def _decide(session: Session, name: str, act: str, reason: str, *, note: str) -> None:
    repository = find_repository(session, name)
    decided = session.client.post(f"/requests/{repository['id']}/{act}", {"reason": reason})
    session.output.note(note)
    session.output.row(decided, LIST)
