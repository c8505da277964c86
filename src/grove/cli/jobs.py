"""`grove job`: the work in the background."""

from typing import Annotated, Any

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import find_repository
from grove.cli.session import Session
from grove.cli.watching import follow_job, require_success

app = typer.Typer(no_args_is_help=True, help="Jobs: the work in the background.")

FIELDS = (
    "id",
    "kind",
    "target_id",
    "state",
    "attempt",
    "attempts_max",
    "progress",
    "error",
    "cancel_requested",
    "requested_by",
    "created_at",
    "run_at",
    "started_at",
    "finished_at",
)
ID_CHARS = 36
SEARCHED_MAX = 1_000
TARGETS_MAX = 10_000

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or the beginning of it.")]


def _state(job: Any) -> str:
    phase = job["progress"].get("phase", "") if job["state"] == "running" else ""
    problem = f": {job['error']['message']} ({job['error']['code']})" if job["error"] else ""
    return f"{job['state']}{' ' + phase if phase else ''}{problem}"


LIST = (
    Column("ID", lambda item: item["id"], lambda item: item["id"][:8]),
    Column("KIND", lambda item: item["kind"]),
    Column("TARGET", lambda item: item["target_id"], lambda item: item["target_id"][:8]),
    Column("AGE", lambda item: item["created_at"], lambda item: shown_age(item["created_at"])),
    Column("ATTEMPT", lambda item: item["attempt"]),
    Column("STATE", lambda item: item["state"], _state),
)
VIEW = (
    Column("ID", lambda item: item["id"]),
    Column("KIND", lambda item: item["kind"]),
    Column("TARGET", lambda item: item["target_id"]),
    Column("STATE", lambda item: item["state"], _state),
    Column("ATTEMPT", lambda item: item["attempt"]),
    Column("CREATED", lambda item: item["created_at"], lambda item: shown_age(item["created_at"])),
    Column("STARTED", lambda item: item["started_at"], lambda item: shown_age(item["started_at"])),
    Column("FINISHED", lambda item: item["finished_at"], lambda item: shown_age(item["finished_at"])),
)


@command(app, "list", failing="The jobs could not be listed.", fields=FIELDS)
def list_jobs(
    session: Session,
    *,
    repository: Annotated[str | None, typer.Option("--repo", "-r", metavar="REPO", help="Only its jobs.")] = None,
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed or cancelled.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=SEARCHED_MAX, help="Jobs at most.")] = 50,
) -> None:
    """List jobs, newest first."""
    target_id = find_repository(session, repository)["id"] if repository else None
    jobs = session.client.items("/jobs", limit=limit, target=target_id, state=state)
    session.output.items(jobs, _named(session, jobs), empty="No such jobs.")


@command(app, "view", failing="The job could not be shown.", fields=FIELDS)
def view_job(session: Session, *, job: JobArgument) -> None:
    """Show all that is known of a job."""
    session.output.item(session.client.get(f"/jobs/{_id(session, job)}"), VIEW)


@command(app, "watch", failing="The job could not be watched.", fields=FIELDS)
def watch_job(session: Session, *, job: JobArgument) -> None:
    """Follow a job until it is over; Ctrl-C stops the watching, not the job."""
    ended = follow_job(session, _id(session, job))
    session.output.row(ended, LIST)
    require_success(ended)


@command(app, "cancel", failing="The job was not cancelled.", fields=FIELDS)
def cancel_job(session: Session, *, job: JobArgument) -> None:
    """Stop a job."""
    cancelled = session.client.post(f"/jobs/{_id(session, job)}/cancel")
    session.output.row(cancelled, LIST)


@command(app, "retry", failing="The job was not tried again.", fields=FIELDS)
def retry_job(session: Session, *, job: JobArgument) -> None:
    """Try a failed or cancelled job again."""
    queued = session.client.post(f"/jobs/{_id(session, job)}/retry")
    session.output.row(queued, LIST)


def _named(session: Session, jobs: list[dict[str, Any]]) -> tuple[Column, ...]:
    """The columns of a list, the targets by their names; one that is gone by its id."""
    if session.output.is_json or not jobs:
        return LIST
    known = session.client.items("/repositories", limit=TARGETS_MAX)
    names = {repository["id"]: str(repository["name"]) for repository in known}
    target = Column("TARGET", lambda item: names.get(item["target_id"], item["target_id"]))
    return tuple(target if column.title == target.title else column for column in LIST)


def _id(session: Session, text: str) -> str:
    """The id that begins so.

    :raises Failure: if none does, or more than one.
    """
    if len(text) == ID_CHARS:
        return text
    found = [str(job["id"]) for job in session.client.items("/jobs", limit=SEARCHED_MAX) if job["id"].startswith(text)]
    if len(found) != 1:
        raise Failure(
            f"There is no one job {text}.",
            why=f"{len(found) or 'none'} of the newest jobs' ids begin so",
            next_step="grove job list --output tsv",
            exit_code=Exit.NOT_FOUND,
        )
    return found[0]
