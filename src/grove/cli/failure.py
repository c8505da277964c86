"""How commands end: the exit codes that scripts may rely on, and errors of always three lines."""

from enum import IntEnum

from grove.cli.escape import visible
from grove.kit.errors import GroveError, Kind


class Exit(IntEnum):
    """What the exit code of a command says."""

    DONE = 0
    FAILED = 1
    INVALID = 2
    NOT_FOUND = 3
    DENIED = 4
    CONFLICT = 5
    INCOMPLETE = 6
    UNAVAILABLE = 7
    SERVER_ERROR = 8
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done; for a search: something was found",
    Exit.FAILED: "for a search: nothing was found; for others: it was tried and failed",
    Exit.INVALID: "the command line, or the query, cannot be understood",
    Exit.NOT_FOUND: "there is no such repository, file, job, ...",
    Exit.DENIED: "not signed in, or not allowed",
    Exit.CONFLICT: "it conflicts with what is there, or a policy forbids it",
    Exit.INCOMPLETE: "with --strict: something was found or not, but not everything was searched",
    Exit.UNAVAILABLE: "the server cannot be reached, or is busy; the same command may succeed later",
    Exit.SERVER_ERROR: "the server failed in a way that nobody foresaw",
    Exit.INTERRUPTED: "interrupted by Ctrl-C; what the server does goes on",
}

EXIT_OF_KIND = {
    Kind.INVALID: Exit.INVALID,
    Kind.UNAUTHENTICATED: Exit.DENIED,
    Kind.DENIED: Exit.DENIED,
    Kind.NOT_FOUND: Exit.NOT_FOUND,
    Kind.CONFLICT: Exit.CONFLICT,
    Kind.TOO_LARGE: Exit.CONFLICT,
    Kind.LIMITED: Exit.UNAVAILABLE,
    Kind.UNAVAILABLE: Exit.UNAVAILABLE,
}


class Failure(GroveError):
    """The command did not do what it was asked to."""

    def __init__(self, what: str, *, why: str, next_step: str, exit_code: Exit) -> None:
        super().__init__()
        self.what = what
        self.why = why
        self.next_step = next_step
        self.exit_code = exit_code

    def __str__(self) -> str:
        return three_lines(self.what, why=self.why, next_step=self.next_step)


def three_lines(what: str, *, why: str, next_step: str) -> str:
    """An error as every command shows it: what failed, why, and the exact next command."""
    return f"error: {_line(what)}\n  why: {_line(why)}\n next: {_line(next_step)}"


def _line(text: str) -> str:
    return visible(" ".join(text.split()))
