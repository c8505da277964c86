"""How long a busy host wants to be left alone, which git does not say on standard error.

Git can write down the headers of each answer (`GIT_TRACE_CURL`). It does so into anonymous memory, since a version of
git that does not know how its curl writes headers may write those that it sends as well: they are never on a disk,
and nothing but `Retry-After` and `Date` is taken from there. Where the system has no such memory nothing is written.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from grove.git.errors import HostBusy
from grove.kit.retry_after import retry_after_seconds

_BYTES_READ_MAX: Final = 1024**2
_TOLD: Final = re.compile(rb"<= [Rr]ecv header: (retry-after|date): ([^\r\n]{1,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What a command needs to be given, so that the headers of its answers are heard."""

    variables: dict[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()


@contextmanager
def hearing_how_long() -> Iterator[Listening]:
    """Add to a `HostBusy` of the block, as `retry_after_seconds`, how long its host wants to be left alone."""
    if not hasattr(os, "memfd_create"):
        yield Listening()
        return
    descriptor = os.memfd_create("headers")
    try:
        variables = {"GIT_TRACE_CURL": f"/dev/fd/{descriptor}", "GIT_TRACE_CURL_NO_DATA": "1", "GIT_TRACE_REDACT": "1"}
        yield Listening(variables=variables, pass_fds=(descriptor,))
    except HostBusy as busy:
        told = _headers(descriptor)
        seconds = retry_after_seconds(told)
        if seconds is None:
            raise
        raise HostBusy(**busy.facts, retry_after_seconds=seconds) from busy
    finally:
        os.close(descriptor)


def _headers(descriptor: int) -> dict[str, str]:
    """The last that was said of each, at the end of what was written down."""
    size = os.fstat(descriptor).st_size
    written = os.pread(descriptor, _BYTES_READ_MAX, max(0, size - _BYTES_READ_MAX))
    return {name.decode().lower(): value.decode("ascii", "replace") for name, value in _TOLD.findall(written)}
