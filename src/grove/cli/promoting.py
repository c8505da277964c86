"""`grove ws promote`: the pull request of a workspace."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from grove.cli import workspaces
from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import shown_age
from grove.cli.repositories import ReasonOption
from grove.cli.session import Session

app = typer.Typer()

FIELDS = (
    *("branch", "target", "title", "draft", "waiting", "why", "refusal", "pushed"),
    *("number", "url", "state", "reviewers", "unasked", "checks", "updated_at"),
)


WAITING_FIELDS = (
    *("workspace_id", "workspace", "owner", "repository", "branch", "target", "title", "body"),
    *("commit", "why", "asked_at", "may_decide", "why_not"),
)
WAITING = (
    Column("WORKSPACE", lambda item: item["workspace"]),
    Column("OF", lambda item: item["owner"]),
    Column("REPOSITORY", lambda item: item["repository"]),
    Column("INTO", lambda item: item["target"]),
    Column("TITLE", lambda item: item["title"]),
    Column("COMMIT", lambda item: item["commit"], lambda item: item["commit"][:12]),
    Column("WHY", lambda item: item["why"]),
    Column("ASKED", lambda item: item["asked_at"], lambda item: shown_age(item["asked_at"])),
    Column("YOU", lambda item: item["why_not"] or "may decide"),
    Column("ID", lambda item: item["workspace_id"]),
)
CommitOption = Annotated[
    str, typer.Option("--commit", metavar="ID", help="Only if this commit waits; else the one that does now.")
]


def _state(promotion: Mapping[str, Any]) -> str:
    if promotion["waiting"]:
        return "waits for approval"
    if promotion["refusal"]:
        return f"refused: {promotion['refusal']}"
    return "draft" if promotion["draft"] and promotion["state"] == "open" else str(promotion["state"])


def _checks(checks: list[dict[str, str]]) -> str:
    """How many went how, and which failed."""
    states = [check["state"] for check in checks]
    counted = [f"{states.count(state)} {state}" for state in ("passed", "waiting", "failed") if state in states]
    failed = [check["name"] for check in checks if check["state"] == "failed"]
    return ", ".join(counted) + (f" ({', '.join(failed)})" if failed else "")


def _unasked(unasked: list[dict[str, str]]) -> str:
    return ", ".join(f"{each['name']} ({each['reason']})" for each in unasked)


PULL = (
    Column("STATE", _state),
    Column("BRANCH", lambda item: item["branch"]),
    Column("INTO", lambda item: item["target"]),
    Column("COMMIT", lambda item: item["pushed"], lambda item: item["pushed"][:12]),
    Column("REVIEWERS", lambda item: item["reviewers"], lambda item: ", ".join(item["reviewers"])),
    Column("NOT ASKED", lambda item: item["unasked"], lambda item: _unasked(item["unasked"])),
    Column("CHECKS", lambda item: item["checks"], lambda item: _checks(item["checks"])),
    Column("URL", lambda item: item["url"]),
)


@command(app, "promote", failing="The workspace was not promoted.", fields=FIELDS)
def promote(
    session: Session,
    *,
    name: workspaces.NameArgument,
    title: Annotated[str, typer.Option("--title", "-t", help="Else the subject of the first commit.")] = "",
    body: Annotated[str, typer.Option("--body", "-b", help="What the pull request says.")] = "",
    target: Annotated[str, typer.Option("--target", help="The branch to go into; else the one it began at.")] = "",
    ready: Annotated[bool, typer.Option("--ready", help="Not as a draft.")] = False,
    accept_secrets: Annotated[
        bool, typer.Option("--accept-secrets", help="For those who may: what looks like secrets is none.")
    ] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show how the pull request is.")] = False,
) -> None:
    """Push a workspace's commits to the forge, and open a pull request or bring the open one up to date."""
    session.subject = name
    wish = {"title": title, "body": body, "target": target, "draft": not ready, "accept_secrets": accept_secrets}
    path = f"/workspaces/{name}/promotion"
    found = session.client.get(path) if status else session.client.post(path, wish)
    session.output.row(found, PULL)
    if found["waiting"]:
        session.output.note(f"{found['waiting'][:12]} goes to the forge when somebody approves it: grove ws inbox")
        session.output.note(f"Why: {visible(found['why'])}")


@command(app, "inbox", failing="What waits could not be listed.", fields=WAITING_FIELDS)
def list_waiting(session: Session) -> None:
    """List the commits that wait until somebody approves that they go to the forge."""
    session.output.items(session.client.get("/promotions")["items"], WAITING, empty="Nothing waits.")


@command(app, "approve", failing="The commits were not promoted.", fields=FIELDS)
def approve(session: Session, *, name: workspaces.NameArgument, commit: CommitOption = "") -> None:
    """Have commits that wait go to the forge, as their owner wished."""
    session.subject = name
    found = _waiting(session, name, commit)
    session.output.row(
        session.client.post(f"/promotions/{found['workspace_id']}/approve", {"commit": found["commit"]}), PULL
    )


@command(app, "reject", failing="The commits were not refused.", fields=FIELDS)
def reject(session: Session, *, name: workspaces.NameArgument, reason: ReasonOption, commit: CommitOption = "") -> None:
    """Refuse commits that wait; they stay in their workspace, and its owner sees why."""
    session.subject = name
    found = _waiting(session, name, commit)
    body = {"commit": found["commit"], "reason": reason}
    session.output.row(session.client.post(f"/promotions/{found['workspace_id']}/reject", body), PULL)


def _waiting(session: Session, name: str, commit: str) -> Mapping[str, Any]:
    """What waits under a workspace's id, or under its name if no other has that."""
    named: list[Mapping[str, Any]] = [
        each for each in session.client.get("/promotions")["items"] if name in {each["workspace_id"], each["workspace"]}
    ]
    if len(named) == 1 and named[0]["commit"].startswith(commit):
        return named[0]
    whys = {0: "nothing of that workspace waits for approval", 1: "another commit waits"}
    raise Failure(
        "Nothing was decided.",
        why=whys.get(len(named), "more than one workspace of that name waits; name one by its id"),
        next_step="grove ws inbox",
        exit_code=Exit.CONFLICT if named else Exit.NOT_FOUND,
    )
