"""What git says on standard error, and which error of ours it means.

A host may send text of its own. Git marks its lines with `remote:`; they are never taken for git's words, and only one
of them is heeded: that the repository is broken there.
"""

import re
import signal
from collections.abc import Sequence
from typing import Final

from grove.git.errors import (
    AccessForbidden,
    CertificateRefused,
    CredentialRejected,
    CredentialRequired,
    GitFailed,
    GitTimeout,
    HostBusy,
    HostKeyChanged,
    HostKeyUnknown,
    HostRefused,
    HostUnreachable,
    LocalPathRefused,
    MemoryExceeded,
    ObjectFormatUnsupported,
    ProtocolRefused,
    PushRejected,
    RedirectRefused,
    RefLocked,
    RefNameTooLong,
    RepositoryCorrupt,
    RepositoryGone,
    RepositoryNotFound,
    RepositoryTooLarge,
    TransferInterrupted,
)
from grove.kit.errors import GroveError, StorageFull
from grove.kit.logging import mask
from grove.sandbox import Finished

_DETAIL_CHARACTERS_MAX: Final = 500
_ESCAPE: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_]?)")
_STATUS: Final = re.compile(r"The requested URL returned error: (\d{3})")
_FORGED: Final = re.compile(r"(?:error|warning) in \w+ \w+: (\w+)|object \w+: (\w+): ")
_CONFESSION: Final = "remote: aborting due to possible repository corruption"
_SHALLOW: Final = re.compile(r"rejected .* because shallow roots are not allowed to be updated")
_COUNTING: Final = re.compile(r"^remote: (Enumerating|Counting|Compressing|Total) ")
_STATUSES: Final[dict[int, type[GroveError]]] = {
    401: CredentialRejected,
    403: AccessForbidden,
    404: RepositoryNotFound,
    410: RepositoryGone,
    408: HostBusy,
    425: HostBusy,
    429: HostBusy,
}
# Each group of words with what it means; the first that is found counts, so the cause stands before its consequences.
_MEANINGS: Final[tuple[tuple[str, type[GroveError]], ...]] = (
    (r"failed to push some refs", PushRejected),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED", HostKeyChanged),
    (r"No \S+ host key is known for|Host key verification failed", HostKeyUnknown),
    (r"Permission denied \(|Load key .*: |Too many authentication failures", CredentialRejected),
    (r"ERROR: Repository not found|ERROR: The project you were looking for", RepositoryNotFound),
    (r"ssh: connect to host|Connection (closed|reset|timed out)|kex_exchange_identification", HostUnreachable),
    (r"remote error: ", HostRefused),
    (r"No space left on device|Disk quota exceeded|Out of diskspace|couldn't write '", StorageFull),
    (r"File too large|died of signal 25|File size limit exceeded", RepositoryTooLarge),
    (r"[Oo]ut of memory|Cannot allocate memory|mmap failed|died of signal 9\b", MemoryExceeded),
    (r"fsck error|contains '\.\.'|bad(Tree|Date|Email)|hasDot|inflate returned", RepositoryCorrupt),
    (
        r"loose object .* corrupt|in tree entry|too-short tree|not a tree object",
        RepositoryCorrupt,
    ),
    (r"Authentication failed for", CredentialRejected),
    (r"could not read (Username|Password)|terminal prompts disabled", CredentialRequired),
    (r"repository '.*' not found", RepositoryNotFound),
    (r"detected dubious ownership|not a git repository|does not appear to be a git repository", LocalPathRefused),
    (
        r"transport '.*' not allowed|protocol '.*' is not supported|is not a valid|remote-\S+' is not a git",
        ProtocolRefused,
    ),
    (r"unable to update url base from redirection|asked for .* redirect", RedirectRefused),
    (r"certificate", CertificateRefused),
    (r"mismatched algorithms|unknown object format|object format", ObjectFormatUnsupported),
    (r"Operation too slow|Operation timed out", GitTimeout),
    (r"Could not resolve|Failed to connect|Couldn't connect|Connection refused|No route", HostUnreachable),
    (r"unreachable|handshake|SSL_connect", HostUnreachable),
    (r"early EOF|hung up|unexpected disconnect|RPC failed|curl \d+|Recv failure|Empty reply", TransferInterrupted),
    (r"not valid: |invalid server response|protocol error|bad line length|bad pack header", TransferInterrupted),
    (r"Could not read from remote repository", HostRefused),
    (r"cannot lock ref '[^']*[^'/]{251}", RefNameTooLong),  # with `.lock`, no file can be called so
    (r"\.lock'?: File exists|cannot lock ref", RefLocked),
    (
        r"missing blob|missing tree|missing commit|bad (\w+ )?object|did not send all necessary|index-pack",
        RepositoryCorrupt,
    ),
)
_SIGNALS: Final[dict[int, type[GroveError]]] = {
    -signal.SIGXFSZ: RepositoryTooLarge,
    -signal.SIGXCPU: GitTimeout,
    -signal.SIGKILL: MemoryExceeded,
}


def clean_lines(stderr: bytes) -> list[str]:
    """The lines that were said, without control characters, escape sequences and anything that looks like a secret."""
    text = _ESCAPE.sub("", stderr.decode(errors="replace"))
    lines = ("".join(filter(str.isprintable, line)).strip() for line in re.split(r"[\r\n]+", text))
    return [mask(line) for line in lines if line]


def says_upstream_is_shallow(finished: Finished) -> bool:
    """Whether a fetch left something out since the other side lacks the past of it; git calls that a success."""
    ours = (line for line in clean_lines(finished.stderr) if not line.startswith("remote:"))
    return any(_SHALLOW.search(line) for line in ours)


def error_of(command: str, finished: Finished) -> GroveError:
    """The error that a failed command means."""
    lines = clean_lines(finished.stderr)
    ours = [line for line in lines if not line.startswith("remote:")]
    facts: dict[str, object] = {"command": command, "detail": _detail(lines)}
    for line in ours:
        if found := _STATUS.search(line):
            return _error_of_status(int(found[1]))(status=int(found[1]), **facts)
    if any(line.startswith(_CONFESSION) for line in lines):
        return RepositoryCorrupt(**facts)
    for words, meaning in _MEANINGS:
        if _is_said(words, ours):
            return meaning(**facts, **_problem(ours))
    return _SIGNALS.get(finished.exit_code, GitFailed)(exit_code=finished.exit_code, **facts)


def _error_of_status(status: int) -> type[GroveError]:
    if status in range(300, 400):
        return RedirectRefused
    if status in range(500, 600):
        return HostBusy
    return _STATUSES.get(status, HostRefused)


def _is_said(words: str, lines: Sequence[str]) -> bool:
    return any(re.search(words, line) for line in lines)


def _problem(lines: Sequence[str]) -> dict[str, object]:
    """What is wrong with an object, in git's own word for it."""
    for line in lines:
        if found := _FORGED.search(line):
            return {"problem": found[1] or found[2]}
    return {}


def _detail(lines: Sequence[str]) -> str:
    """The lines that tell most: the host's last words and git's."""
    theirs = [line for line in lines if line.startswith("remote:") and not _COUNTING.search(line)]
    ours = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return "; ".join([*theirs[-2:], *ours[-3:]] or lines[-3:])[:_DETAIL_CHARACTERS_MAX]
