"""`grove user link`: whose accounts at forges are whose."""

from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.session import Session

app = typer.Typer()

FIELDS = ("id", "principal_id", "host", "login", "created_by", "created_at")
LIST_MAX = 10_000
LIST = (
    Column("HOST", lambda item: item["host"]),
    Column("LOGIN", lambda item: item["login"]),
    Column("USER", lambda item: item["principal_id"]),
    Column("ID", lambda item: item["id"]),
)

HostArgument = Annotated[str, typer.Argument(metavar="GIT_HOST", help="The forge's host.")]
LoginArgument = Annotated[str, typer.Argument(metavar="LOGIN", help="The account there; at bitbucket.org its id.")]


@command(app, "links", failing="The accounts could not be listed.", fields=FIELDS)
def list_links(session: Session) -> None:
    """List the accounts at forges that are known, and whose they are."""
    found = session.client.items("/forge-accounts", limit=LIST_MAX)
    session.output.items(found, LIST, empty="No account at a forge is anybody's: grove user link USER GIT_HOST LOGIN")


@command(app, "link", failing="The account was not linked.", fields=FIELDS)
def link_account(
    session: Session,
    *,
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose it is, by name or id.")],
    host: HostArgument,
    login: LoginArgument,
) -> None:
    """Say whose an account at a forge is: they see there what it may read."""
    linked = session.client.post("/forge-accounts", {"user": user, "host": host, "login": login})
    session.output.row(linked, LIST)


@command(app, "unlink", failing="The account was not unlinked.")
def unlink_account(session: Session, *, host: HostArgument, login: LoginArgument) -> None:
    """Forget whose an account at a forge is; what was seen only by it is seen no more."""
    known = session.client.items("/forge-accounts", limit=LIST_MAX)
    wanted = (host.lower().removesuffix(":443"), login.lower())
    found = next((item for item in known if (item["host"], item["login"]) == wanted), None)
    if found is None:
        raise Failure(
            f"{login} at {host} is nobody's.",
            why=f"{len(known)} accounts are known, and none is this one",
            next_step="grove user links",
            exit_code=Exit.NOT_FOUND,
        )
    session.client.delete(f"/forge-accounts/{found['id']}")
    session.output.note(f"{found['login']} at {found['host']} is nobody's now.")
