"""Talking to hosts: what they have, and fetching it, within limits on bytes, time and numbers."""

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from grove.git.address import pin
from grove.git.complaints import says_upstream_is_shallow
from grove.git.credential import handed_over
from grove.git.environment import Setting
from grove.git.errors import MemoryExceeded, RepositoryTooLarge, SshKeyRequired, TooManyRefs, UpstreamShallow
from grove.git.local import admit, write_upload_config
from grove.git.model import FetchLimits, FetchProgress, ListingLimits, LocalPath, Remote, RemoteListing
from grove.git.progress import ProgressReader
from grove.git.refs import list_refs, ref_text
from grove.git.runner import Call, Runner
from grove.git.ssh import ssh_ready
from grove.git.waiting import hearing_how_long
from grove.kit.errors import GroveError
from grove.sandbox import Limits

_WATCH_SECONDS: Final = 0.25
_UNFINISHED: Final = ("tmp_", ".tmp-")
_HEADS: Final = b"refs/heads/"
_MIRRORED: Final = (_HEADS, b"refs/tags/")
_PEELED: Final = b"^{}"
_SIDE: Final = r"refs/(?:heads|tags|pull|merge-requests)/[^:\s]+"
_REFSPEC: Final = re.compile(rf"\+?{_SIDE}:{_SIDE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How one remote is to be spoken to."""

    address: str
    protocol: str
    settings: tuple[Setting, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()


@contextmanager
def connected(runner: Runner, remote: Remote, job_dir: Path) -> Iterator[Connection]:
    """A remote, ready to be spoken to for the time of a block: its host resolved once, its secret held ready."""
    config = runner.config
    if isinstance(remote.url, LocalPath):
        path = admit(remote.url, roots=config.allowed_local_roots)
        upload_config = job_dir / "upload.config"
        write_upload_config(upload_config, path)
        yield Connection(address=str(path), protocol="file", variables={"GIT_CONFIG_GLOBAL": str(upload_config)})
        return
    if remote.url.is_ssh:
        with ssh_ready(config, remote, remote.url, job_dir=job_dir) as call:
            yield Connection(address=remote.url.text, protocol="ssh", variables=call.variables, pass_fds=call.pass_fds)
        return
    if remote.identity is not None:
        raise SshKeyRequired(host=remote.url.authority)
    entry = pin(remote.url, allowed=config.allowed_networks).entry
    pinned = (("http.curloptResolve", entry),) if entry else ()
    with handed_over(remote.secret, remote.url, job_dir=job_dir) as handover, hearing_how_long() as listening:
        yield Connection(
            address=remote.url.text,
            protocol="https",
            settings=(*pinned, *handover.settings),
            variables=listening.variables,
            pass_fds=(*handover.pass_fds, *listening.pass_fds),
        )


def list_remote(
    runner: Runner, remote: Remote, *, limits: ListingLimits, cancelled: Callable[[], bool]
) -> RemoteListing:
    """Ask a host for its branches and tags."""
    with runner.job_dir() as job_dir, connected(runner, remote, job_dir) as connection:
        call = Call(
            command="ls-remote",
            options=("--symref",),
            arguments=(connection.address,),
            limits=Limits(
                seconds_max=limits.seconds_max,
                memory_bytes_max=limits.memory_bytes_max,
                stdout_bytes_max=limits.bytes_max,
            ),
            settings=connection.settings,
            protocols=(connection.protocol,),
            variables=connection.variables,
            pass_fds=connection.pass_fds,
        )
        try:
            finished = runner.run(call, cancelled=cancelled, job_dir=job_dir)
        except (MemoryExceeded, RepositoryTooLarge) as error:
            raise TooManyRefs(refs_max=limits.refs_max) from error
    return _parse_listing(finished.stdout, refs_max=limits.refs_max)


def _parse_listing(output: bytes, *, refs_max: int) -> RemoteListing:
    refs: dict[str, str] = {}
    head_commit: str | None = None
    default_branch: str | None = None
    for line in output.split(b"\n"):
        value, _, name = line.partition(b"\t")
        if name == b"HEAD" and value.startswith(b"ref: "):
            default_branch = _branch_of(value.removeprefix(b"ref: "))
        elif name == b"HEAD":
            head_commit = value.decode()
        elif name.startswith(_MIRRORED) and not name.endswith(_PEELED):
            refs[ref_text(name)] = value.decode()
            if len(refs) > refs_max:
                raise TooManyRefs(refs_max=refs_max)
    return RemoteListing(default_branch=default_branch, head_commit=head_commit, refs=refs)


def _branch_of(ref: bytes) -> str | None:
    return ref_text(ref.removeprefix(_HEADS)) if ref.startswith(_HEADS) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told how a fetch goes, and who may end it."""

    on_progress: Callable[[FetchProgress], None]
    cancelled: Callable[[], bool]


def fetch(
    runner: Runner, git_dir: Path, remote: Remote, *, refspecs: Sequence[str], limits: FetchLimits, watch: Watch
) -> dict[str, str]:
    """Fetch what the refspecs name into a repository, and remove there what they name no longer; its refs then."""
    for refspec in refspecs:
        if not _REFSPEC.fullmatch(refspec):
            raise ValueError("a refspec names branches, tags or requests in full, on both sides")
    guard = _SizeGuard(git_dir / "objects" / "pack", limits.bytes_max)
    with runner.job_dir() as job_dir, connected(runner, remote, job_dir) as connection:
        call = Call(
            command="fetch",
            options=(
                "--no-tags",
                "--prune",
                "--no-recurse-submodules",
                "--no-write-fetch-head",
                "--no-auto-maintenance",
                "--progress",
            ),
            arguments=(connection.address, *refspecs),
            git_dir=git_dir,
            limits=_fetch_limits(runner, limits),
            settings=connection.settings,
            protocols=(connection.protocol,),
            variables=connection.variables,
            pass_fds=connection.pass_fds,
            on_stderr=ProgressReader(watch.on_progress),
        )
        try:
            done = runner.run(call, cancelled=lambda: guard.is_exceeded() or watch.cancelled(), job_dir=job_dir)
        except GroveError:
            exceeded = guard.is_exceeded(at_once=True)
            guard.remove_leftovers()
            if exceeded:
                raise RepositoryTooLarge(bytes_max=limits.bytes_max) from None
            raise
    if guard.is_exceeded(at_once=True):
        raise RepositoryTooLarge(bytes_max=limits.bytes_max)
    if says_upstream_is_shallow(done):
        raise UpstreamShallow
    refs = list_refs(runner, git_dir)
    if len(refs) > limits.refs_max:
        raise TooManyRefs(refs_max=limits.refs_max)
    return refs


def _fetch_limits(runner: Runner, limits: FetchLimits) -> Limits:
    return Limits(
        seconds_max=limits.seconds_max,
        memory_bytes_max=runner.config.memory_bytes_max,
        file_bytes_max=limits.bytes_max,
        stdout_bytes_max=1024**2,
    )


class _SizeGuard:
    """Watches how much a folder of packs grows."""

    def __init__(self, folder: Path, bytes_max: int) -> None:
        self._folder = folder
        self._first = _sizes(folder)
        self._bytes_max = bytes_max
        self._looked_at = 0.0
        self._exceeded = False

    def is_exceeded(self, *, at_once: bool = False) -> bool:
        """Whether it grew to its limit, at which the system stops git; looked up a few times a second."""
        now = time.monotonic()
        if at_once or now - self._looked_at >= _WATCH_SECONDS:
            self._looked_at = now
            grown = sum(_sizes(self._folder).values()) - sum(self._first.values())
            self._exceeded = self._exceeded or grown >= self._bytes_max
        return self._exceeded

    def remove_leftovers(self) -> None:
        """Remove the unfinished files that a git which was killed could not remove."""
        for name in _sizes(self._folder).keys() - self._first.keys():
            if name.startswith(_UNFINISHED):
                (self._folder / name).unlink(missing_ok=True)


def _sizes(folder: Path) -> dict[str, int]:
    sizes = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            # Git renames its files while we look.
            with contextlib.suppress(FileNotFoundError):
                sizes[entry.name] = entry.stat(follow_symlinks=False).st_size
    return sizes
