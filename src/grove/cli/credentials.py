"""`grove cred`: secrets for git hosts; what they say is never shown again."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from grove.cli.asking import confirm, read_secret
from grove.cli.command import command
from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure
from grove.cli.output import Column
from grove.cli.quantity import counted, shown_age
from grove.cli.repositories import YesOption
from grove.cli.session import Session

app = typer.Typer(no_args_is_help=True, help="Credentials: secrets for git hosts.")


class Kind(StrEnum):
    """What a secret is."""

    TOKEN = "token"  # noqa: S105 - a kind
    GITHUB_APP = "github-app"
    OAUTH = "oauth"
    SSH_KEY = "ssh-key"


FIELDS = (
    "id",
    "project_id",
    "name",
    "kind",
    "host",
    "username",
    "fingerprint",
    "version",
    "created_by",
    "created_at",
    "last_used_at",
    "reference",
)
HOST_KEY_FIELDS = ("key", "fingerprint", "pinned", "shown")
HOST_KEYS = (
    Column("KEY", lambda item: item["fingerprint"]),
    Column("PINNED", lambda item: item["pinned"]),
    Column("SHOWN", lambda item: item["shown"]),
)
LIST_MAX = 10_000
LIST = (
    Column("NAME", lambda item: item["name"]),
    Column("KIND", lambda item: item["kind"]),
    Column("HOST", lambda item: item["host"]),
    Column("USER", lambda item: item["username"]),
    Column("SECRET", lambda item: item["reference"] or item["fingerprint"]),
    Column("VERSION", lambda item: item["version"]),
    Column("USED", lambda item: item["last_used_at"], lambda item: shown_age(item["last_used_at"])),
    Column("ID", lambda item: item["id"]),
)

NameArgument = Annotated[str, typer.Argument(metavar="CREDENTIAL", help="Its name, or its id.")]
StdinOption = Annotated[bool, typer.Option("--stdin", help="Read the secret from standard input.")]
PassphraseOption = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Unlocks an SSH key; it is not kept.")
]
KnownHostsOption = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Lines of known_hosts with the keys of its host.")
]
FileOption = Annotated[Path | None, typer.Option("--file", help="Read the secret from this file.")]


@command(app, "list", failing="The credentials could not be listed.", fields=FIELDS)
def list_credentials(session: Session) -> None:
    """List the credentials."""
    session.output.items(session.client.items("/credentials", limit=LIST_MAX), LIST, empty="No credentials.")


@command(app, "add", failing="The credential was not added.", fields=FIELDS)
def add_credential(
    session: Session,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    host: Annotated[str, typer.Argument(metavar="GIT_HOST", help="The git host that it is for, and no other.")],
    username: Annotated[str, typer.Option(help="The user that it belongs to; of a GitHub App its id.")] = "git",
    kind: Annotated[Kind, typer.Option(help="What the secret is.")] = Kind.TOKEN,
    stdin: StdinOption = False,
    file: FileOption = None,
    project: Annotated[str | None, typer.Option(help="The project that it is for; else all.")] = None,
    ref: Annotated[str | None, typer.Option(help="Where it is kept instead: vault:, aws:, env: or file:NAME.")] = None,
    passphrase_file: PassphraseOption = None,
    known_hosts: KnownHostsOption = None,
) -> None:
    """Keep a secret, sealed, for the jobs that need it; or a reference to where it is kept."""
    password = None if ref else _secret(session, kind.value, stdin=stdin, file=file)
    body = {
        "name": name,
        "kind": kind.value.replace("-", "_"),
        "host": host,
        "username": username,
        "password": password,
        "reference": ref,
        "project": project,
        "passphrase": _line_of(passphrase_file),
        "host_keys": _lines_of(known_hosts),
    }
    session.output.row(session.client.post("/credentials", body), LIST)


@command(app, "rotate", failing="The credential was not replaced.", fields=FIELDS)
def rotate_credential(
    session: Session,
    *,
    name: NameArgument,
    stdin: StdinOption = False,
    file: FileOption = None,
    passphrase_file: PassphraseOption = None,
) -> None:
    """Replace a secret; whatever uses it goes on using it."""
    credential = _find(session, name)
    password = _secret(session, credential["kind"], stdin=stdin, file=file)
    body = {"password": password, "passphrase": _line_of(passphrase_file)}
    rotated = session.client.post(f"/credentials/{credential['id']}/rotate", body)
    session.output.row(rotated, LIST)


@command(app, "host-keys", failing="The host's keys are not known.", fields=HOST_KEY_FIELDS)
def show_host_keys(
    session: Session,
    *,
    name: NameArgument,
    look: Annotated[bool, typer.Option("--look", help="Ask the host which keys it shows.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Know the host by the keys that it shows now.")] = False,
    yes: YesOption = False,
) -> None:
    """Show by which keys the host of an SSH key is known; ask it for its keys, and pin them."""
    path = f"/credentials/{_find(session, name)['id']}/host-keys"
    told = session.client.post(f"{path}/look") if look or pin else session.client.get(path)
    session.output.items(told["keys"], HOST_KEYS, empty="No keys of the host are pinned.")
    if pin:
        confirm("Are these the host's own keys?", command=f"{session.command} {name} --pin", yes=yes)
        told = session.client.put(path, {"keys": [key["key"] for key in told["keys"] if key["shown"]]})
        session.output.note("Pinned.")


@command(app, "test", failing="The credential does not work.")
def try_credential(
    session: Session,
    *,
    name: NameArgument,
    url: Annotated[str | None, typer.Argument(metavar="[URL]", help="A repository on its host.")] = None,
) -> None:
    """Read a secret where it is kept and, when a repository is named, look at it with that."""
    credential = _find(session, name)
    told = session.client.post(f"/credentials/{credential['id']}/test", {"url": url})
    seen = "" if told["branches"] is None else f" It opens {url}: {counted(told['branches'], 'branch')}."
    session.output.line(visible(f"{credential['name']} can be read.{seen}"))


@command(app, "rm", failing="The credential was not removed.")
def remove_credential(session: Session, *, name: NameArgument, yes: YesOption = False) -> None:
    """Forget a secret."""
    credential = _find(session, name)
    confirm(f"Forget {credential['name']}?", command=f"{session.command} {name}", yes=yes)
    session.client.delete(f"/credentials/{credential['id']}")
    session.output.note(f"{credential['name']} is forgotten.")


def _secret(session: Session, kind: str, *, stdin: bool, file: Path | None) -> str:
    """A secret: one line of a token, all of a key or a grant."""
    is_line = kind == Kind.TOKEN
    return read_secret(what="secret", command=session.command, stdin=stdin, file=file, is_line=is_line)


def _line_of(file: Path | None) -> str | None:
    return file.read_text(encoding="utf-8").rstrip("\r\n") if file is not None else None


def _lines_of(file: Path | None) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines() if file is not None else []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _find(session: Session, name: str) -> dict[str, Any]:
    known = session.client.items("/credentials", limit=LIST_MAX)
    found = next((item for item in known if name in {item["id"], item["name"]}), None)
    if found is None:
        raise Failure(
            f"There is no credential {name}.",
            why=f"{len(known)} are kept, and none has this name or id",
            next_step="grove cred list",
            exit_code=Exit.NOT_FOUND,
        )
    return found
