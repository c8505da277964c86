"""`grove index`: how the index is, having it read whole, having it built anew."""

from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age, shown_bytes
from grove.cli.repositories import find_repository
from grove.cli.session import Session
from grove.cli.watching import follow_job, require_success

app = typer.Typer(no_args_is_help=True, help="The index: how it is, reading it whole, building it anew.")

FIELDS = (
    "repository_id",
    "repository",
    "state",
    "snapshots",
    "snapshot_bytes",
    "commit",
    "files",
    "chunks",
    "source_bytes",
    "current",
    "damaged",
    "indexed_at",
)
JOB_FIELDS = ("id", "kind", "state", "progress", "error", "created_at", "finished_at")
PIN_FIELDS = ("repository_id", "repository", "commit", "revision", "reason", "pinned_by", "pinned_at")
PINS_MAX = 100_000
REPOSITORIES_MAX = 100_000
COMMIT_DIGITS = 12

SomeName = Annotated[str, typer.Argument(metavar="[REPOSITORY]", help="A repository; all of them, if left out.")]
OneName = Annotated[str, typer.Argument(metavar="REPOSITORY", help="The repository's name, or the end of it.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is done.")]


def _condition(item: Any) -> str:
    if item["damaged"]:
        return "damaged, being repaired"
    if item["commit"] is None:
        return f"none ({item['state']})"
    return "current" if item["current"] else "behind its mirror"


LIST = (
    Column("REPOSITORY", lambda item: item["repository"]),
    Column("INDEX", _condition),
    Column("COMMIT", lambda item: item["commit"], lambda item: (item["commit"] or "")[:COMMIT_DIGITS]),
    Column("FILES", lambda item: item["files"], lambda item: f"{item['files']:,}"),
    Column("SOURCE", lambda item: item["source_bytes"], lambda item: shown_bytes(item["source_bytes"])),
    Column("SNAPSHOTS", lambda item: item["snapshots"]),
    Column("BUILT", lambda item: item["indexed_at"], lambda item: shown_age(item["indexed_at"])),
)

PINS = (
    Column("REPOSITORY", lambda item: item["repository"]),
    Column("COMMIT", lambda item: item["commit"], lambda item: item["commit"][:COMMIT_DIGITS]),
    Column("AS", lambda item: item["revision"]),
    Column("REASON", lambda item: item["reason"]),
    Column("PINNED", lambda item: item["pinned_at"], lambda item: shown_age(item["pinned_at"])),
)


@command(app, "status", failing="The state of the index could not be told.", fields=FIELDS)
def show_status(session: Session, *, name: SomeName = "") -> None:
    """Show the index of each repository, and what all of it takes."""
    if name:
        repository = find_repository(session, name)
        shown = [session.client.get(f"/index/repositories/{repository['id']}")]
    else:
        shown = list(session.client.items("/index/repositories", limit=REPOSITORIES_MAX))
    session.output.items(shown, LIST, empty="There is no repository yet: grove add URL")
    session.output.note(_totals(session.client.get("/index")))


@command(app, "verify", failing="The index was not verified.", fields=JOB_FIELDS)
def verify(session: Session, *, name: SomeName = "", no_wait: NoWait = False) -> None:
    """Read every byte of the index again; what is damaged is built again by itself."""
    body = {"repository_id": find_repository(session, name)["id"]} if name else {}
    job = session.client.post("/index/verify", body)
    _finish(session, job, no_wait=no_wait)
    damaged = session.client.get("/index")["damaged"]
    if not no_wait:
        found = f"{damaged} repositories are damaged and being built again." if damaged else "Every byte is as written."
        session.output.note(found, style="red" if damaged else "green")


@command(app, "rebuild", failing="The index was not built anew.", fields=JOB_FIELDS)
def rebuild(session: Session, *, name: OneName, no_wait: NoWait = False) -> None:
    """Build the index of a repository anew from its mirror; what there is serves meanwhile."""
    job = session.client.post("/index/rebuild", {"repository_id": find_repository(session, name)["id"]})
    _finish(session, job, no_wait=no_wait)


@command(app, "embed", failing="The vectors were not made.", fields=JOB_FIELDS)
def embed(
    session: Session,
    *,
    refill: Annotated[
        bool, typer.Option("--refill", help="Empty the vector store, and fill it from the index again.")
    ] = False,
    no_wait: NoWait = False,
) -> None:
    """Have the vectors made that the chosen model has not made yet; those that there are serve meanwhile."""
    _finish(session, session.client.post("/index/vectors", {"refill": refill}), no_wait=no_wait)


@command(app, "pin", failing="The commit was not pinned.", fields=PIN_FIELDS)
def pin(
    session: Session,
    *,
    name: OneName,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="A branch, tag or commit, as it is now.")],
    reason: Annotated[str, typer.Option("--reason", "-m", help="What it is kept for.")] = "",
) -> None:
    """Keep a commit indexed, whatever its branches do; it is indexed if it is not yet."""
    body = {"repository_id": find_repository(session, name)["id"], "revision": revision, "reason": reason}
    session.output.row(session.client.post("/index/pins", body), PINS)


@command(app, "pins", failing="The pinned commits could not be listed.", fields=PIN_FIELDS)
def list_pins(session: Session, *, name: SomeName = "") -> None:
    """List the commits that stay indexed."""
    chosen = {"repository_id": find_repository(session, name)["id"]} if name else {}
    session.output.items(
        session.client.items("/index/pins", limit=PINS_MAX, **chosen), PINS, empty="Nothing is pinned."
    )


@command(app, "unpin", failing="The commit was not let go.")
def unpin(
    session: Session,
    *,
    name: OneName,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The commit, or how its id begins.")],
) -> None:
    """Let a pinned commit go when no branch needs it."""
    repository = find_repository(session, name)
    pins = session.client.items("/index/pins", limit=PINS_MAX, repository_id=repository["id"])
    meant = [pin["commit"] for pin in pins if commit in (pin["revision"], pin["commit"][: len(commit)])]
    if len(meant) != 1:
        raise Failure(
            "The commit was not let go.",
            why=f"{len(meant)} pinned commits are meant by {commit}",
            next_step=f"grove index pins {repository['name']}",
            exit_code=Exit.NOT_FOUND,
        )
    session.client.delete(f"/index/pins/{repository['id']}/{meant[0]}")
    session.output.note(f"{meant[0][:COMMIT_DIGITS]} is not pinned any more.")


def _finish(session: Session, job: dict[str, Any], *, no_wait: bool) -> None:
    if no_wait:
        session.output.note(f"Queued; watch it: grove job watch {job['id']}")
    else:
        job = require_success(follow_job(session, job["id"]))
    if session.output.is_json:
        session.output.json(job)


def _totals(index: dict[str, Any]) -> str:
    damaged = f" · {index['damaged']} damaged" if index["damaged"] else ""
    sizes = f"{shown_bytes(index['stored_bytes'])} for {shown_bytes(index['source_bytes'])} of unique source"
    return (
        f"{index['segments']} segments and {index['snapshots']} snapshots · {sizes} ({index['ratio']:.2f})"
        f" · format {index['format_version']} · {_vectors(index)}{damaged}"
    )


def _vectors(index: dict[str, Any]) -> str:
    """Who made the vectors, how far that is, and what serves meanwhile."""
    vectors = index["vectors"]
    told = f"vectors by {vectors['model']}"
    if vectors["chunks_done"] < index["chunks"]:
        told += f" for {vectors['chunks_done']:,} of {index['chunks']:,} chunks"
    told += "".join(f", by {model} for {count:,}" for model, count in vectors["others"].items())
    if vectors["store"] != "segments":
        told += f", {vectors['chunks_in_store']:,} of them in {vectors['store']}"
    if vectors["texts_cut"]:
        told += f", {vectors['texts_cut']:,} of chunks that were cut"
    return told
