"""Handing a secret to git for one host, without writing it anywhere that outlives the command.

The secret lies in anonymous memory that the command inherits (or, where the system has no such thing, in a file that
only we can read). Git's credential helper is a line of shell that prints it when it is asked about that very host. The
secret itself is in no argument, environment, setting or log.
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.git.environment import Setting
from grove.git.model import Secret
from grove.git.url import RemoteUrl

_FILE_NAME: Final = "credential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a command needs to be given: settings and inherited descriptors."""

    settings: tuple[Setting, ...] = ()
    pass_fds: tuple[int, ...] = ()


@contextmanager
def handed_over(secret: Secret | None, url: RemoteUrl, *, job_dir: Path) -> Iterator[Handover]:
    """Hold a secret ready for one host, for the time of the block."""
    if secret is None:
        yield Handover()
        return
    answer = f"username={secret.username}\npassword={secret.password}\n".encode()
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create(_FILE_NAME)
        try:
            os.write(descriptor, answer)
            yield Handover(settings=(_helper(url, f"/dev/fd/{descriptor}"),), pass_fds=(descriptor,))
        finally:
            os.close(descriptor)
        return
    with private_file(job_dir / _FILE_NAME, answer) as path:
        yield Handover(settings=(_helper(url, str(path)),))


@contextmanager
def private_file(path: Path, content: bytes) -> Iterator[Path]:
    """Hold a secret in a file that only we can read, for the time of the block."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield path
    finally:
        path.unlink()


def _helper(url: RemoteUrl, source: str) -> Setting:
    """The setting that makes git ask us about this host, and about no other."""
    return (
        f"credential.https://{url.authority}.helper",
        f'!answer() {{ test "$1" = get && cat {shlex.quote(source)}; }}; answer',
    )
