"""`grove repo set`: how much of a repository's past is indexed ahead."""

from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_age, shown_bytes
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = ("index", "commits", "commits_waiting", "changes", "stored_bytes", "skipped", "published_at")


def _skipped(item: Any) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in item["skipped"].items())


VIEW = (
    Column("INDEX", lambda item: item["index"]),
    Column("COMMITS", lambda item: item["commits"], lambda item: f"{item['commits']:,}"),
    Column("WAITING", lambda item: item["commits_waiting"], lambda item: f"{item['commits_waiting']:,}"),
    Column("CHANGES", lambda item: item["changes"], lambda item: f"{item['changes']:,}"),
    Column("SIZE", lambda item: item["stored_bytes"], lambda item: shown_bytes(item["stored_bytes"])),
    Column("NOT INDEXED", lambda item: item["skipped"], _skipped),
    Column("PUBLISHED", lambda item: item["published_at"], lambda item: shown_age(item["published_at"])),
)


@command(app, "set", failing="The repository was not changed.", fields=FIELDS)
def set_repository(
    session: Session,
    *,
    name: NameArgument,
    index: Annotated[str, typer.Option("--index", help="What to index ahead: heads, tags, '12 months' or all.")],
) -> None:
    """Set how much of a repository's past is indexed ahead; every commit can be searched in any case."""
    repository = find_repository(session, name)
    changed = session.client.put(f"/repositories/{repository['id']}/history", {"index": index})
    session.output.item(changed, VIEW)
