"""`grove repo set`: what is indexed ahead of a repository, whether SCIP indexes are made, and its project."""

from typing import Annotated, Any, Literal

import typer

from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import shown_age, shown_bytes
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer()

FIELDS = (
    "index",
    "commits",
    "commits_waiting",
    "changes",
    "stored_bytes",
    "skipped",
    "published_at",
    "scip",
    "tracked",
    "project_id",
)
SWITCH = {"on": True, "off": False}


def _skipped(item: Any) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in item["skipped"].items())


def _scip(item: Any) -> str:
    return "made here" if item["scip"]["wanted"] else "if uploaded"


VIEW = (
    Column("INDEX", lambda item: item["index"]),
    Column("COMMITS", lambda item: item["commits"], lambda item: f"{item['commits']:,}"),
    Column("WAITING", lambda item: item["commits_waiting"], lambda item: f"{item['commits_waiting']:,}"),
    Column("CHANGES", lambda item: item["changes"], lambda item: f"{item['changes']:,}"),
    Column("SIZE", lambda item: item["stored_bytes"], lambda item: shown_bytes(item["stored_bytes"])),
    Column("NOT INDEXED", lambda item: item["skipped"], _skipped),
    Column("SCIP", lambda item: item["scip"]["wanted"], _scip),
    Column("TRACKED", lambda item: ", ".join(item["tracked"])),
    Column("PUBLISHED", lambda item: item["published_at"], lambda item: shown_age(item["published_at"])),
)


@command(app, "set", failing="The repository was not changed.", fields=FIELDS)
def set_repository(
    session: Session,
    *,
    name: NameArgument,
    index: Annotated[
        str | None, typer.Option("--index", help="What to index ahead: heads, tags, '12 months' or all.")
    ] = None,
    scip: Annotated[
        Literal["on", "off"] | None, typer.Option("--scip", help="Have installed indexers make precise symbols.")
    ] = None,
    project: Annotated[
        str | None, typer.Option("--project", help="Put it into another project, by its name or id.")
    ] = None,
    track: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Branches to index, instead of those until now.")
    ] = None,
) -> None:
    """Set which branches and how much of the past are indexed ahead, whether SCIP indexes are made, and its project.

    Every commit can be searched in any case. A repository keeps its name for good, since others know it by that; its
    address may change, by `grove repo move`.
    """
    repository = find_repository(session, name)
    client, path = session.client, f"/repositories/{repository['id']}"
    indexed = client.put(f"{path}/history", {"index": index}) if index is not None else client.get(f"{path}/history")
    if scip is not None:
        made = client.put(f"{path}/scip/making", {"wanted": SWITCH[scip]})
    else:
        made = client.get(f"{path}/scip/making")
    if project is not None:
        repository = client.put(f"{path}/project", {"project": project})
    tracked = client.put(f"{path}/tracked", {"branches": track})["branches"] if track else repository["tracked"]
    present = indexed | {"scip": made, "tracked": tracked, "project_id": repository["project_id"]}
    session.output.item(present, VIEW)
