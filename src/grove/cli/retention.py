"""`grove retention`: what becomes of repositories that nobody uses."""

from enum import StrEnum
from typing import Annotated

import typer

from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import NameArgument, find_repository
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Retention: what becomes of repositories that nobody uses.")

POLICY_FIELDS = ("idle_days", "notice_days", "fate", "job_days", "usage_days", "decision_days")
STEP_FIELDS = ("repository", "repository_id", "lifecycle", "used_at", "verdict", "reason", "due_at")
POLICY = (
    Column("IDLE DAYS", lambda item: item["idle_days"], lambda item: str(item["idle_days"] or "any number")),
    Column("NOTICE DAYS", lambda item: item["notice_days"]),
    Column("FATE", lambda item: item["fate"]),
    Column("JOB DAYS", lambda item: item["job_days"]),
    Column("USAGE DAYS", lambda item: item["usage_days"]),
    Column("DECISION DAYS", lambda item: item["decision_days"]),
)
STEPS = (
    Column("NAME", lambda item: item["repository"]),
    Column("USED", lambda item: item["used_at"], lambda item: shown_age(item["used_at"])),
    Column("VERDICT", lambda item: item["verdict"]),
    Column("DUE", lambda item: item["due_at"], lambda item: shown_age(item["due_at"])),
    Column("REASON", lambda item: item["reason"]),
)


class Fate(StrEnum):
    """What becomes of an idle repository in the end."""

    COLD = "cold"
    REMOVED = "removed"


@command(app, "show", failing="The policy could not be shown.", fields=POLICY_FIELDS)
def show_retention(session: Session) -> None:
    """Show the policy about repositories that nobody uses, old logs and counts."""
    session.output.item(session.client.get("/retention"), POLICY)


@command(app, "set", failing="The policy was not set.", fields=POLICY_FIELDS)
def set_retention(
    session: Session,
    *,
    idle_days: Annotated[
        int | None, typer.Option("--idle-days", min=0, help="Days without a use; 0 keeps everything.")
    ] = None,
    notice_days: Annotated[int | None, typer.Option("--notice-days", min=0, help="Days from the notice on.")] = None,
    fate: Annotated[Fate | None, typer.Option("--fate", help="What becomes of it then.")] = None,
    job_days: Annotated[int | None, typer.Option("--job-days", min=1, help="How long logs of jobs are kept.")] = None,
    usage_days: Annotated[
        int | None, typer.Option("--usage-days", min=1, help="How long daily counts are kept.")
    ] = None,
    decision_days: Annotated[
        int | None, typer.Option("--decision-days", min=1, help="How long is kept what was allowed.")
    ] = None,
) -> None:
    """Set the policy, which is applied once a day, in your name; what is not named stays as it is."""
    wanted = {
        "idle_days": idle_days,
        "notice_days": notice_days,
        "fate": fate,
        "job_days": job_days,
        "usage_days": usage_days,
        "decision_days": decision_days,
    }
    named = {name: value for name, value in wanted.items() if value is not None}
    if not named:
        raise Failure(
            "The policy was not set.",
            why="nothing was said of it",
            next_step=f"{session.command} --help",
            exit_code=Exit.INVALID,
        )
    body = {**session.client.get("/retention"), **named}
    body["idle_days"] = body["idle_days"] or None
    set_to = session.client.put("/retention", body)
    session.output.note("Set. grove retention preview shows what it comes to.")
    session.output.row(set_to, POLICY)


@command(app, "preview", failing="The policy could not be tried.", fields=STEP_FIELDS)
def preview_retention(
    session: Session, *, everything: Annotated[bool, typer.Option("--all", help="Also what is just kept.")] = False
) -> None:
    """Show what applying the policy would do now, and why; nothing is done."""
    steps = session.client.get("/retention/preview")["items"]
    shown = [step for step in steps if everything or step["verdict"] != "keep"]
    session.output.items(shown, STEPS, empty="Everything is kept; --all says why.")


@command(app, "apply", failing="The policy was not applied.")
def apply_retention(session: Session) -> None:
    """Have the policy applied now, instead of within a day."""
    job = session.client.post("/retention/apply")
    session.output.note(f"Begun: grove job watch {job['id'][:8]}")


@command(app, "hold", failing="The repository is not held.")
def hold_repository(
    session: Session,
    *,
    name: NameArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why it is kept.")],
) -> None:
    """Have a repository kept though nobody uses it."""
    session.client.put(f"/retention/holds/{find_repository(session, name)['id']}", {"reason": reason})
    session.output.note("Held.")


@command(app, "release", failing="The repository is still held.")
def release_repository(session: Session, *, name: NameArgument) -> None:
    """Let the policy count for a repository again."""
    session.client.delete(f"/retention/holds/{find_repository(session, name)['id']}")
    session.output.note("Released.")
