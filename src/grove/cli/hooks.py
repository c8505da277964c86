"""`grove hook`: webhooks of forges, by which mirrors learn at once of what is new."""

from typing import Annotated, Any

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import YesOption
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Webhooks: how forges tell what is new.")

FIELDS = ("id", "provider", "covers", "url", "created_by", "created_at")
NEW_FIELDS = (*FIELDS, "secret")
DELIVERY_FIELDS = ("id", "delivery", "event", "outcome", "reason", "received_at")
LIST_MAX = 10_000
DELIVERIES_MAX = 200
LIST = (
    Column("COVERS", lambda item: item["covers"]),
    Column("PROVIDER", lambda item: item["provider"]),
    Column("URL", lambda item: item["url"]),
    Column("MADE", lambda item: item["created_at"], lambda item: shown_age(item["created_at"])),
    Column("ID", lambda item: item["id"]),
)
NEW = (*LIST, Column("SECRET", lambda item: item["secret"]))
DELIVERIES = (
    Column("RECEIVED", lambda item: item["received_at"], lambda item: shown_age(item["received_at"])),
    Column("EVENT", lambda item: item["event"]),
    Column("OUTCOME", lambda item: item["outcome"]),
    Column("REASON", lambda item: item["reason"]),
    Column("DELIVERY", lambda item: item["delivery"]),
)
HookArgument = Annotated[str, typer.Argument(metavar="HOOK", help="What it covers, or its id.")]


@command(app, "create", failing="The hook was not made.", fields=NEW_FIELDS)
def create_hook(
    session: Session,
    *,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="github, gitlab, bitbucket, gitea or generic.")],
    covers: Annotated[str, typer.Argument(metavar="ADDRESS", help="A repository, an organisation or a host.")],
) -> None:
    """Make a webhook; give its URL and its secret, shown this once, to the forge."""
    made = session.client.post("/hooks", {"provider": provider, "covers": covers})
    session.output.item(made, NEW)


@command(app, "list", failing="The hooks could not be listed.", fields=FIELDS)
def list_hooks(session: Session) -> None:
    """List the webhooks."""
    session.output.items(session.client.items("/hooks", limit=LIST_MAX), LIST, empty="No hooks.")


@command(app, "deliveries", failing="The deliveries could not be listed.", fields=DELIVERY_FIELDS)
def list_deliveries(
    session: Session,
    *,
    hook: HookArgument,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=DELIVERIES_MAX, help="Deliveries at most.")] = 50,
) -> None:
    """Show what a webhook has brought, and what came of it."""
    found = session.client.get(f"/hooks/{_find(session, hook)['id']}/deliveries", limit=limit)["items"]
    session.output.items(found, DELIVERIES, empty="Nothing was delivered yet.")


@command(app, "rm", failing="The hook was not removed.")
def remove_hook(session: Session, *, hook: HookArgument, yes: YesOption = False) -> None:
    """Forget a webhook and its secret."""
    found = _find(session, hook)
    confirm(f"Forget the {found['provider']} hook of {found['covers']}?", command=f"{session.command} {hook}", yes=yes)
    session.client.delete(f"/hooks/{found['id']}")
    session.output.note(f"The hook of {found['covers']} is forgotten.")


def _find(session: Session, wanted: str) -> dict[str, Any]:
    known = session.client.items("/hooks", limit=LIST_MAX)
    key = wanted.rstrip("/").removesuffix(".git").lower()
    found = [item for item in known if wanted == item["id"] or key == item["covers"]]
    if len(found) != 1:
        raise Failure(
            f"There is no hook {wanted}." if not found else f"More than one hook covers {wanted}.",
            why=f"{len(known)} are kept; name one by its id",
            next_step="grove hook list",
            exit_code=Exit.NOT_FOUND,
        )
    return found[0]
