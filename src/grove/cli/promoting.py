"""`grove ws promote`: the pull request of a workspace."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from grove.cli import workspaces
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.session import Session

app = typer.Typer()

FIELDS = (
    *("branch", "target", "title", "draft", "waiting", "pushed"),
    *("number", "url", "state", "reviewers", "checks", "updated_at"),
)


def _state(promotion: Mapping[str, Any]) -> str:
    if promotion["waiting"]:
        return "waits for approval"
    return "draft" if promotion["draft"] and promotion["state"] == "open" else str(promotion["state"])


def _checks(checks: list[dict[str, str]]) -> str:
    """How many went how, and which failed."""
    states = [check["state"] for check in checks]
    counted = [f"{states.count(state)} {state}" for state in ("passed", "waiting", "failed") if state in states]
    failed = [check["name"] for check in checks if check["state"] == "failed"]
    return ", ".join(counted) + (f" ({', '.join(failed)})" if failed else "")


PULL = (
    Column("STATE", lambda item: item["state"], _state),
    Column("BRANCH", lambda item: item["branch"]),
    Column("INTO", lambda item: item["target"]),
    Column("COMMIT", lambda item: item["pushed"], lambda item: item["pushed"][:12]),
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
    session.output.row(session.client.get(path) if status else session.client.post(path, wish), PULL)
