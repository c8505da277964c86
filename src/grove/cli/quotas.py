"""`grove quota`: how much each may have, and has."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_bytes
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Quotas: how much a tenant, a project or a user may have.")

FIELDS = ("holder", "holder_id", "sort", "limit", "used")


class Sort(StrEnum):
    """What is counted."""

    REPOSITORIES = "repositories"
    BYTES = "bytes"
    WORKSPACES = "workspaces"
    WORKSPACE_BYTES = "workspace_bytes"
    JOBS = "jobs"
    QUERIES = "queries"


def _shown(item: Any, count: int | None) -> str:
    if count is None:
        return "any number"
    return shown_bytes(count) if item["sort"] in {Sort.BYTES, Sort.WORKSPACE_BYTES} else f"{count:,}"


LIST = (
    Column("HOLDER", lambda item: item["holder"]),
    Column("SORT", lambda item: item["sort"]),
    Column("USED", lambda item: item["used"], lambda item: _shown(item, item["used"])),
    Column("LIMIT", lambda item: item["limit"], lambda item: _shown(item, item["limit"])),
)
ProjectOption = Annotated[str | None, typer.Option("--project", "-p", help="Of a project: its name or id.")]
UserOption = Annotated[str | None, typer.Option("--user", help="Of a user, agent or service: their name or id.")]


@command(app, "show", failing="The quotas could not be shown.", fields=FIELDS)
def show_quotas(
    session: Session,
    *,
    tenant: Annotated[bool, typer.Option("--tenant", help="Of the whole tenant.")] = False,
    project: ProjectOption = None,
    user: UserOption = None,
) -> None:
    """Show your quotas and what you have of each; searches count by the day."""
    found = session.client.get("/quotas", tenant=tenant or None, project=project, user=user)
    session.output.items(found["items"], LIST)


@command(app, "set", failing="The quota was not set.", fields=FIELDS)
def set_quota(
    session: Session,
    *,
    sort: Annotated[Sort, typer.Argument(help="What is counted.")],
    limit: Annotated[str, typer.Argument(metavar="LIMIT", help="How many, or bytes; 'none' for any number.")],
    tenant: Annotated[
        bool, typer.Option("--tenant", help="Of the whole tenant, as without a project or user.")
    ] = False,
    project: ProjectOption = None,
    user: UserOption = None,
) -> None:
    """Set how much the tenant, a project or a user may have; what is there already stays."""
    if tenant and (project or user):
        raise typer.BadParameter("--tenant stands alone")
    if limit != "none" and not limit.isdecimal():
        raise typer.BadParameter("a whole number, or none")
    body = {"sort": sort.value, "project": project, "user": user}
    found = session.client.put("/quotas", {**body, "limit": None if limit == "none" else int(limit)})
    session.output.row(found, LIST)
