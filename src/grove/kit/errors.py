"""Errors that are part of the contract.

Every expected failure is a `GroveError`: its docstring is the message, `code` is the stable name that clients may
rely on, `kind` is the category from which each entry point derives its own answer (HTTP status, exit code).
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What sort of failure it is, whatever the entry point."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class GroveError(Exception):
    """Something expected went wrong."""

    kind: ClassVar[Kind] = Kind.INVALID
    code: ClassVar[str] = "error"
    transient: ClassVar[bool] = False
    """Whether the same call may succeed later; background work is retried only then."""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The static sentence: the first paragraph of the class's docstring."""
        return " ".join((type(self).__doc__ or self.code).split("\n\n")[0].split())

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={_told(value)}" for name, value in self.facts.items())
        return f"{self.message} ({facts})" if facts else self.message


def _told(fact: object) -> object:
    """A fact in a sentence: of things that have parts of their own, how many there are."""
    if isinstance(fact, list) and any(isinstance(each, dict) for each in fact):
        return len(fact)
    return fact


class StorageFull(GroveError):
    """There is no space left on the disk."""

    kind = Kind.UNAVAILABLE
    code = "storage_full"
    transient = True


def is_full(error: BaseException) -> bool:
    """Whether a call of the system failed since there is no room."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def needing_room() -> Iterator[None]:
    """Tell in our own words that the disk is full.

    :raises StorageFull: if a call of the system in the block fails since there is no room.
    """
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull(reason=error.strerror) from error
        raise


def error_classes() -> list[type[GroveError]]:
    """Every concrete error that has been imported, ordered by code."""
    found: dict[str, type[GroveError]] = {}
    waiting = [GroveError]
    while waiting:
        for subclass in waiting.pop().__subclasses__():
            waiting.append(subclass)
            if "code" in vars(subclass):
                found[subclass.code] = subclass
    return [found[code] for code in sorted(found)]
