"""`grove policy`: who may do what, written in Cedar: looked at, tried, applied, taken back."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_age
from grove.cli.repositories import YesOption
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Policies: who may do what.")

FIELDS = ("id", "effect", "document", "shipped", "text")
VERSION_FIELDS = ("version", "digest", "origin", "reason", "applied_by", "applied_at", "documents", "cases")
CHECK_FIELDS = ("passed", "findings", "results")
DECISION_FIELDS = ("allowed", "policies", "version", "reason")
LIST_MAX = 1_000
NONE_YET = "None of your own yet: grove policy apply"

LIST = (
    Column("ID", lambda item: item["id"]),
    Column("EFFECT", lambda item: item["effect"]),
    Column("DOCUMENT", lambda item: item["document"]),
    Column("FROM", lambda item: "Grove" if item["shipped"] else "yours"),
)
VERSIONS = (
    Column("VERSION", lambda item: item["version"]),
    Column("APPLIED", lambda item: item["applied_at"], lambda item: shown_age(item["applied_at"])),
    Column("BY", lambda item: item["applied_by"]),
    Column("FROM", lambda item: item["origin"]),
    Column("DOCUMENTS", lambda item: sorted(item["documents"])),
    Column("REASON", lambda item: item["reason"]),
)
FINDINGS = (
    Column("DOCUMENT", lambda item: item["document"]),
    Column("POLICY", lambda item: item["policy"]),
    Column("WHAT IS WRONG", lambda item: item["message"]),
)
RESULTS = (
    Column("CASE", lambda item: item["name"]),
    Column("PASSED", lambda item: item["passed"], lambda item: "✓" if item["passed"] else "✗"),
    Column("EXPECTED", lambda item: item["expected"]),
    Column("DECIDED", lambda item: item["decided"]),
    Column("BY", lambda item: item["policies"]),
)
DECISION = (
    Column("DECIDED", lambda item: "allow" if item["allowed"] else "deny"),
    Column("BY", lambda item: item["policies"]),
    Column("REASON", lambda item: item["reason"]),
    Column("VERSION", lambda item: item["version"]),
)

PathArgument = Annotated[
    Path, typer.Argument(metavar="PATH", help="A folder of *.cedar documents and *.json cases, or one document.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")]


@command(app, "list", failing="The policies could not be listed.", fields=FIELDS)
def list_policies(session: Session) -> None:
    """List every policy that is in force: those that are shipped, and your own."""
    found = session.client.get("/policies")
    session.output.items(found["items"], LIST)
    session.output.note(f"Version {found['version']}." if found["version"] else NONE_YET)


@command(app, "show", failing="The policy could not be shown.", fields=FIELDS)
def show_policy(session: Session, *, policy: Annotated[str, typer.Argument(metavar="ID", help="Its id.")]) -> None:
    """Show the text of a policy."""
    found = [item for item in session.client.get("/policies")["items"] if item["id"] == policy]
    if not found:
        raise Failure(
            f"There is no policy {policy}.",
            why="none that is in force has this id",
            next_step="grove policy list",
            exit_code=Exit.NOT_FOUND,
        )
    if session.output.is_json:
        session.output.json(found[0])
    else:
        session.output.line(found[0]["text"])


@command(app, "schema", failing="The schema could not be shown.", fields=("text",))
def show_schema(session: Session) -> None:
    """Show what policies may look at, as a schema of Cedar."""
    found = session.client.get("/policies/schema")
    if session.output.is_json:
        session.output.json(found)
    else:
        session.output.line(found["text"])


@command(app, "validate", failing="The policies could not be looked at.", fields=CHECK_FIELDS)
def validate_policies(session: Session, *, path: PathArgument) -> None:
    """Look whether policies are written rightly; nothing is applied."""
    check = session.client.post("/policies/check", {"documents": _documents(path), "cases": []})
    _tell(session, check, check["findings"], FINDINGS, good="They can be applied.")


@command(app, "test", failing="The cases could not be tried.", fields=CHECK_FIELDS)
def try_cases(
    session: Session,
    *,
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="Documents and cases; else those that are in force.")
    ] = None,
) -> None:
    """Try the cases of policies; nothing is applied."""
    if path is None:
        version = session.client.get("/policies")["version"]
        kept = session.client.get(f"/policies/versions/{version}") if version else {"documents": {}, "cases": []}
        body = {"documents": kept["documents"], "cases": kept["cases"]}
    else:
        body = {"documents": _documents(path), "cases": _cases(path)}
    check = session.client.post("/policies/check", body)
    if check["findings"]:
        _tell(session, check, check["findings"], FINDINGS, good="")
    _tell(session, check, check["results"], RESULTS, good=f"{counted(len(check['results']), 'case')} passed.")


@command(app, "explain", failing="The decision could not be explained.", fields=DECISION_FIELDS)
def explain_decision(
    session: Session,
    *,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Such as repository.approve.")],
    repository: Annotated[str | None, typer.Argument(metavar="[REPO]", help="What it would be done to.")] = None,
    principal: Annotated[str | None, typer.Option("--as", help="Who would do it; else yourself.")] = None,
) -> None:
    """Say what would be decided if somebody tried an action, and by which policies."""
    body = {"action": action, "principal": principal, "repository": repository}
    session.output.item(session.client.post("/policies/explain", body), DECISION)


@command(app, "apply", failing="The policies were not applied.", fields=VERSION_FIELDS)
def apply_policies(session: Session, *, path: PathArgument, reason: ReasonOption = "", yes: YesOption = False) -> None:
    """Have these be your own policies, all of them, from the next request on; wrong ones are refused."""
    body = {"documents": _documents(path), "cases": _cases(path), "reason": reason}
    confirm(f"Replace your own policies by {len(body['documents'])} documents?", command=session.command, yes=yes)
    applied = session.client.put("/policies", body)
    session.output.note(f"Version {applied['version']} is in force.")
    session.output.row(applied, VERSIONS)
    _warn(session)


@command(app, "history", failing="The history could not be shown.", fields=VERSION_FIELDS)
def show_history(session: Session) -> None:
    """List the versions of your own policies, newest first."""
    found = session.client.items("/policies/versions", limit=LIST_MAX)
    session.output.items(found, VERSIONS, empty=NONE_YET)


@command(app, "rollback", failing="The policies were not rolled back.", fields=VERSION_FIELDS)
def roll_back(
    session: Session,
    *,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=0, help="0 is what is shipped, alone.")],
    reason: ReasonOption = "",
    yes: YesOption = False,
) -> None:
    """Apply what an older version said, as a new version."""
    confirm(f"Apply what version {version} said?", command=f"{session.command} {version}", yes=yes)
    applied = session.client.post("/policies/rollback", {"version": version, "reason": reason})
    session.output.note(f"Version {applied['version']} is in force.")
    session.output.row(applied, VERSIONS)
    _warn(session)


def _warn(session: Session) -> None:
    """Say what becomes of what was applied by hand where policies follow something."""
    followed = session.client.get("/policies/following")["following"]
    if followed is None:
        return
    source = followed["repository"] or "OPAL"
    if followed["paused_at"]:
        session.output.note(f"What comes from {source} is not applied any more, until: grove policy resume")
    else:
        session.output.note(f"It holds until the next push: the policies follow {source} (grove policy unfollow).")


def _tell(session: Session, check: Any, items: Any, columns: tuple[Column, ...], *, good: str) -> None:
    if session.output.is_json:
        session.output.json(check)
    else:
        session.output.items(items, columns)
    if not check["passed"]:
        session.output.note("They cannot be applied as they are.")
        raise typer.Exit(Exit.FAILED)
    session.output.note(good)


def _documents(path: Path) -> dict[str, str]:
    files = sorted(path.glob("*.cedar")) if path.is_dir() else [path]
    return {file.name: _text(file) for file in files}


def _cases(path: Path) -> list[Any]:
    cases: list[Any] = []
    for file in sorted(path.glob("*.json")) if path.is_dir() else []:
        try:
            found = json.loads(_text(file))
        except ValueError as error:
            raise _unreadable(file, str(error)) from error
        cases += found if isinstance(found, list) else [found]
    return cases


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, str(error)) from error


def _unreadable(file: Path, why: str) -> Failure:
    return Failure(f"{file} cannot be read.", why=why, next_step="look at the file", exit_code=Exit.INVALID)
