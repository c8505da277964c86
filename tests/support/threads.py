"""Threads of a test, each of which works for the tenant that the test serves."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Given = TypeVar("Given")
Found = TypeVar("Found")


def at_once(act: Callable[[Given], Found], each: Iterable[Given], *, threads: int) -> list[Found]:
    """What `act` answers to each, in their order; the first error is raised when all have ended."""
    with ThreadPoolExecutor(threads) as pool:
        begun = [pool.submit(copy_context().run, act, one) for one in each]
    return [one.result() for one in begun]
