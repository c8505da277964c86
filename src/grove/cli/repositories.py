"""`grove repo`: what is kept, and what is to be done with it."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from grove.cli.asking import confirm
from grove.cli.command import command
from grove.cli.output import Column
from grove.cli.quantity import NOTHING, shown_age, shown_bytes
from grove.cli.session import Session
from grove.cli.watching import follow_job, follow_work

app = typer.Typer(no_args_is_help=True, help="Repositories: what is kept.")

FIELDS = (
    "id",
    "name",
    "url",
    "host",
    "forge",
    "local",
    "project_id",
    "credential_id",
    "status",
    "approval",
    "clone",
    "index",
    "lifecycle",
    "problem",
    "request_reason",
    "decision",
    "why",
    "default_branch",
    "head_commit",
    "tracked",
    "size_bytes",
    "estimated_bytes",
    "requested_by",
    "owners",
    "access",
    "access_confirmed_at",
    "access_problem",
    "permissions",
    "readers_read_at",
    "archived",
    "moved_to",
    "created_at",
    "updated_at",
    "synced_at",
    "indexed_at",
)
HEADS_TOLD_MAX = 3
DETAIL_FIELDS = (*FIELDS, "heads", "history", "notice", "aliases")
REF_FIELDS = ("name", "commit")
LIST_MAX = 10_000
REFS_MAX = 50_000
STATUSES = {
    "ready": "✓ Ready",
    "working": "… Working",
    "needs_approval": "! Needs approval",
    "attention": "✗ Attention",
    "archived": "Archived",
}

NameArgument = Annotated[str, typer.Argument(metavar="REPO", help="A name, the end of one, an id or an address.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; whoever asked will see it.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def status_of(repository: Any) -> str:
    """The state in the words that people see, with the reason when it is not ready."""
    shown = STATUSES.get(repository["status"], repository["status"])
    return f"{shown}: {repository['why']}" if repository["why"] else shown


LIST = (
    Column("NAME", lambda item: item["name"]),
    Column("REF", lambda item: item["default_branch"]),
    Column("COMMIT", lambda item: item["head_commit"], lambda item: (item["head_commit"] or NOTHING)[:7]),
    Column("SYNCED", lambda item: item["synced_at"], lambda item: shown_age(item["synced_at"])),
    Column("SIZE", lambda item: item["size_bytes"], lambda item: shown_bytes(item["size_bytes"])),
    Column("INDEX", lambda item: item["index"]),
    Column("STATUS", lambda item: item["status"], status_of),
)


def _heads(repository: Any) -> str:
    """The branches that can be searched, the default one first."""
    heads = sorted(repository["heads"], key=lambda head: head["branch"] != repository["default_branch"])
    told = [
        f"{head['branch']}@{head['commit'][:7]} ({head['indexed_file_count']:,} of {head['file_count']:,} files)"
        for head in heads[:HEADS_TOLD_MAX]
    ]
    more = len(heads) - HEADS_TOLD_MAX
    return ", ".join([*told, f"and {more:,} more: grove repo refs"] if more > 0 else told)


def _history(repository: Any) -> str:
    history = repository["history"]
    waiting = f", {history['commits_waiting']:,} wait" if history["commits_waiting"] else ""
    return f"{history['index']} ({history['commits']:,} commits{waiting})"


def _access(repository: Any) -> str:
    """What the forge says of us, and how old that is."""
    if repository["local"]:
        return "a folder of the server's machine"
    problem, confirmed_at = repository["access_problem"], repository["access_confirmed_at"]
    said = f": {problem['message']} ({problem['code']})" if problem else ""
    last = f", last confirmed {shown_age(confirmed_at)}" if confirmed_at else ", never confirmed"
    archived = ", archived there" if repository["archived"] else ""
    return f"{repository['access']}{said}{last}{archived}"


def _notice(repository: Any) -> str:
    notice = repository["notice"]
    if notice is None:
        return NOTHING
    return f"nobody uses it: {notice['fate']} {shown_age(notice['due_at'])}, unless it is used; grove retention hold"


def _permissions(repository: Any) -> str:
    """By whose rules people see it, and how old the forge's word is."""
    if repository["permissions"] != "forge":
        return str(repository["permissions"])
    read_at = repository["readers_read_at"]
    return f"forge, as it told {shown_age(read_at)}" if read_at else "forge, which has not told yet: nobody sees it"


VIEW = (
    Column("NAME", lambda item: item["name"]),
    Column("STATUS", lambda item: item["status"], status_of),
    Column("NOTICE", lambda item: item["notice"], _notice),
    Column("REASON", lambda item: item["request_reason"]),
    Column("OWNERS", lambda item: item["owners"]),
    Column("URL", lambda item: item["url"]),
    Column("FORMERLY", lambda item: item["aliases"]),
    Column("BRANCH", lambda item: item["default_branch"]),
    Column("COMMIT", lambda item: item["head_commit"]),
    Column("TRACKED", lambda item: item["tracked"]),
    Column("SIZE", lambda item: item["size_bytes"], lambda item: shown_bytes(item["size_bytes"])),
    Column("APPROVAL", lambda item: item["approval"]),
    Column("ACCESS", lambda item: item["access"], _access),
    Column("PERMISSIONS", lambda item: item["permissions"], _permissions),
    Column("MIRROR", lambda item: item["clone"]),
    Column("INDEX", lambda item: item["index"]),
    Column("SEARCH", _heads),
    Column("HISTORY", lambda item: item["history"]["index"], _history),
    Column("SYNCED", lambda item: item["synced_at"], lambda item: shown_age(item["synced_at"])),
    Column("INDEXED", lambda item: item["indexed_at"], lambda item: shown_age(item["indexed_at"])),
    Column("ID", lambda item: item["id"]),
)


ACCESS = tuple(column for column in VIEW if column.title in {"NAME", "STATUS", "ACCESS", "PERMISSIONS"})


def find_repository(session: Session, name: str) -> dict[str, Any]:
    """The repository that is called so.

    :raises Refused: if there is none, or more than one.
    """
    session.subject = name
    return session.client.get(f"/repositories/by-name/{quote(name, safe='/')}")


def done(session: Session, repository: dict[str, Any], note: str) -> None:
    """Show a repository after something was done with it."""
    session.output.note(note)
    session.output.row(repository, LIST)


@command(app, "list", failing="The repositories could not be listed.", fields=FIELDS)
def list_repositories(
    session: Session,
    *,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="A part of the name.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=LIST_MAX, help="Repositories at most.")] = 1000,
) -> None:
    """List the repositories that you may see."""
    found = session.client.items("/repositories", limit=limit, query=query or None)
    empty = f"No repository's name contains {query}." if query else "No repository yet: grove add URL"
    session.output.items(found, LIST, empty=empty)


@command(app, "view", failing="The repository could not be shown.", fields=DETAIL_FIELDS)
def view_repository(session: Session, *, name: NameArgument) -> None:
    """Show all that is known of a repository."""
    session.output.item(find_repository(session, name), VIEW)


@command(app, "sync", failing="The repository was not brought up to date.", fields=DETAIL_FIELDS)
def sync_repository(
    session: Session,
    *,
    name: NameArgument,
    accept_ref_loss: Annotated[
        bool, typer.Option("--accept-ref-loss", help="Also when the remote has lost most of its branches.")
    ] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait until it is done.")] = False,
) -> None:
    """Fetch what is new, and index it."""
    repository = find_repository(session, name)
    path = f"/repositories/{repository['id']}/sync"
    accepted = session.client.post(path, {"accept_ref_loss": accept_ref_loss})
    if not no_wait:
        follow_work(session, repository["id"], first_job_id=accepted["job"]["id"])
    note = "Queued." if no_wait else "Up to date."
    done(session, session.client.get(f"/repositories/{repository['id']}"), note)


@command(app, "remove", failing="The repository was not removed.")
def remove_repository(session: Session, *, name: NameArgument, yes: YesOption = False) -> None:
    """Remove a repository with its mirror, its index and its credential."""
    repository = find_repository(session, name)
    question = f"Remove {repository['name']}, its mirror, its index and its credential?"
    confirm(question, command=f"{session.command} {name}", yes=yes)
    job = session.client.delete(f"/repositories/{repository['id']}")["job"]
    session.output.note(f"{repository['name']} is being removed: grove job watch {job['id']}")


@command(app, "move", failing="The repository was not moved.", fields=DETAIL_FIELDS)
def move_repository(
    session: Session,
    *,
    name: NameArgument,
    url: Annotated[str, typer.Argument(metavar="[URL]", help="Its new address; left out, the forge's own word.")] = "",
    credential: Annotated[str, typer.Option(help="The credential to use there, if it is another host.")] = "",
) -> None:
    """Fetch a repository from another address, if that holds the same history."""
    repository = find_repository(session, name)
    wanted = {"url": url or None, "credential": credential or None}
    job = session.client.post(f"/repositories/{repository['id']}/move", wanted)["job"]
    follow_work(session, repository["id"], first_job_id=job["id"])
    done(session, session.client.get(f"/repositories/{repository['id']}"), "Moved.")


@command(app, "access", failing="The forge was not asked.", fields=DETAIL_FIELDS)
def show_access(
    session: Session,
    *,
    name: NameArgument,
    check: Annotated[bool, typer.Option("--check", help="Ask the forge now, and wait for its answer.")] = False,
    permissions: Annotated[
        Literal["grove", "forge"] | None, typer.Option(help="Whether people also need their forge's permission.")
    ] = None,
) -> None:
    """Show whether the forge lets Grove read a repository, and by whose rules people see it."""
    repository = find_repository(session, name)
    if permissions is not None:
        path = f"/repositories/{repository['id']}/permissions"
        repository = session.client.put(path, {"permissions": permissions})
    if check:
        job = session.client.post(f"/repositories/{repository['id']}/access/check")["job"]
        follow_job(session, job["id"])
        repository = session.client.get(f"/repositories/{repository['id']}")
    session.output.item(repository, ACCESS)


@command(app, "approve", failing="The repository was not approved.", fields=FIELDS)
def approve_repository(session: Session, *, name: NameArgument) -> None:
    """Let a repository that somebody asked for be mirrored and indexed."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/approve"), "Approved.")


@command(app, "reject", failing="The repository was not rejected.", fields=FIELDS)
def reject_repository(
    session: Session,
    *,
    name: NameArgument,
    reason: ReasonOption,
) -> None:
    """Refuse a repository that somebody asked for."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/reject", {"reason": reason}), "Rejected.")


@command(app, "revoke", failing="The approval was not revoked.", fields=FIELDS)
def revoke_approval(session: Session, *, name: NameArgument, reason: ReasonOption) -> None:
    """Take an approval back: from now on nothing of the repository is shown."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/revoke", {"reason": reason}), "Revoked.")


@command(app, "request", failing="The repository was not asked for.", fields=FIELDS)
def request_again(
    session: Session,
    *,
    name: NameArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why it is needed.")],
) -> None:
    """Ask once more for a repository that was rejected or revoked."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/request", {"reason": reason}), "Asked for.")


@command(app, "archive", failing="The repository was not archived.", fields=FIELDS)
def archive_repository(
    session: Session, *, name: NameArgument, reason: Annotated[str, typer.Option("--reason", help="Why.")] = ""
) -> None:
    """Put a repository aside: it is neither synced nor searched; its mirror and its index stay."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/archive", {"reason": reason}), "Archived.")


@command(app, "restore", failing="The repository was not restored.", fields=FIELDS)
def restore_repository(session: Session, *, name: NameArgument) -> None:
    """Take an archived repository back into use."""
    repository = find_repository(session, name)
    done(session, session.client.post(f"/repositories/{repository['id']}/restore"), "Restored.")


@command(app, "refs", failing="The branches and tags could not be listed.", fields=REF_FIELDS)
def list_refs(session: Session, *, name: NameArgument) -> None:
    """List a repository's branches and tags, and which of them can be searched."""
    repository = find_repository(session, name)
    indexed = {f"refs/heads/{head['branch']}": head["commit"] for head in repository["heads"]}
    refs = session.client.items(f"/repositories/{repository['id']}/refs", limit=REFS_MAX)
    columns = (
        Column("NAME", lambda item: item["name"]),
        Column("COMMIT", lambda item: item["commit"], lambda item: item["commit"][:12]),
        Column("SEARCH", lambda item: _searched(indexed.get(item["name"]), item["commit"])),
    )
    session.output.items(refs, columns, empty="It has no branches yet.")


def _searched(indexed_commit: str | None, commit: str) -> str:
    if indexed_commit is None:
        return "no"
    return "yes" if indexed_commit == commit else f"at {indexed_commit[:12]}"
