"""Questions to the person at the terminal, and secrets from where nobody can look over a shoulder."""

import sys
from pathlib import Path

import typer

from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure

SECRET_CHARS_MAX = 65_536


def confirm(question: str, *, command: str, yes: bool) -> None:
    """Return when somebody agrees.

    :raises Failure: if nobody does, or nobody is there to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure(
            "Nothing was done.",
            why="this needs an agreement, and nobody is at a terminal to give it",
            next_step=f"{command} --yes",
            exit_code=Exit.INVALID,
        )
    if not typer.confirm(visible(question), err=True):
        raise Failure("Nothing was done.", why="you did not agree", next_step=f"{command} --yes", exit_code=Exit.FAILED)


def read_secret(*, what: str, command: str, stdin: bool = False, file: Path | None = None, is_line: bool = True) -> str:
    """A secret from standard input, from a file, or, when neither is wanted, from a prompt that does not show it.

    :raises Failure: if there is none.
    """
    if stdin and file is not None:
        raise _no_secret(what, "it is wanted from standard input and from a file", command)
    if stdin:
        secret = sys.stdin.readline(SECRET_CHARS_MAX) if is_line else sys.stdin.read(SECRET_CHARS_MAX)
    elif file is not None:
        secret = _content(file, what, command, is_line=is_line)
    elif is_line and sys.stdin.isatty():
        secret = str(typer.prompt(what, hide_input=True, err=True))
    else:
        raise _no_secret(what, "nobody is at a terminal to type it, or it has many lines", command)
    if not secret.strip():
        raise _no_secret(what, "it is empty", command)
    return secret.strip()


def _content(file: Path, what: str, command: str, *, is_line: bool) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.readline(SECRET_CHARS_MAX) if is_line else opened.read(SECRET_CHARS_MAX)
    except (OSError, UnicodeDecodeError) as failed:
        raise _no_secret(what, f"{file}: {failed}", command) from failed


def _no_secret(what: str, reason: str, command: str) -> Failure:
    return Failure(f"The {what} could not be read.", why=reason, next_step=f"{command} --help", exit_code=Exit.INVALID)
