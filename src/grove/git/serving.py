"""Answering git clients, by git's own two services; what is served, and to whom, is decided by those who call."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

from grove.git import refs, storage
from grove.git.environment import Setting
from grove.git.model import GitConfig
from grove.git.runner import Call, Runner
from grove.sandbox import Conversation, Limits

_PROTOCOL: Final = re.compile(r"(?:^|:)version=([12])(?::|$)")
_UPLOAD: Final[tuple[Setting, ...]] = (
    # Pins are ours. Everything else that is there may be had: who may read a repository may read all of it.
    ("transfer.hideRefs", "refs/grove"),
    ("uploadpack.allowFilter", "true"),
    ("uploadpackfilter.allow", "false"),
    ("uploadpackfilter.blob:none.allow", "true"),
    ("uploadpackfilter.blob:limit.allow", "true"),
    ("uploadpack.keepAlive", "5"),
)
_RECEIVE: Final[tuple[Setting, ...]] = (
    ("receive.fsckObjects", "true"),
    ("receive.denyDeletes", "true"),
    ("receive.denyNonFastForwards", "true"),
    ("receive.denyCurrentBranch", "ignore"),
    ("receive.advertisePushOptions", "false"),
    ("receive.autogc", "false"),
    ("receive.updateServerInfo", "false"),
    # One pack, to be moved as a whole.
    ("receive.unpackLimit", "1"),
    ("receive.fsck.badTimezone", "ignore"),
    ("receive.fsck.missingSpaceBeforeDate", "ignore"),
    ("receive.fsck.zeroPaddedFilemode", "ignore"),
    ("receive.hideRefs", "refs/"),
)


class Service(StrEnum):
    """What a git client asks for: to fetch, or to push."""

    UPLOAD = "git-upload-pack"
    RECEIVE = "git-receive-pack"


class GitServer:
    """Speaks git's protocol for repositories of ours; any number of tasks may use it."""

    def __init__(self, config: GitConfig) -> None:
        self._runner = Runner(config)

    @contextmanager
    def stage(self, objects: Path, *, branch: str, commits: Mapping[str, str]) -> Iterator[Path]:
        """A bare repository for the time of a block: `commits` by their branches, beside the objects of another one."""
        with self._runner.job_dir() as folder:
            stage = folder / "stage.git"
            storage.init(self._runner, stage, default_branch=branch, borrowing=None)
            (stage / "objects" / "info").mkdir(exist_ok=True)
            (stage / "objects" / "info" / "alternates").write_text(f"{(objects / 'objects').resolve()}\n")
            refs.update_refs(
                self._runner,
                stage,
                deletes=(),
                updates={f"refs/heads/{name}": commit for name, commit in commits.items()},
            )
            yield stage

    def upload(
        self, git_dir: Path, *, protocol: str, advertises: bool, seconds_max: float
    ) -> AbstractAsyncContextManager[Conversation]:
        """Hand out what a client lacks; `advertises` is the first question, about what there is."""
        return self._speak(
            "upload-pack",
            git_dir,
            options=_options("--strict", advertises=advertises),
            protocol=protocol,
            seconds_max=seconds_max,
            settings=_UPLOAD,
        )

    def receive(
        self, git_dir: Path, *, branch: str, protocol: str, advertises: bool, bytes_max: int, seconds_max: float
    ) -> AbstractAsyncContextManager[Conversation]:
        """Take what a client has for one branch, which only moves forward; `bytes_max` is of the pack."""
        settings = (
            *_RECEIVE,
            ("receive.hideRefs", f"!refs/heads/{branch}"),
            ("receive.maxInputSize", str(max(bytes_max, 1))),
        )
        return self._speak(
            "receive-pack",
            git_dir,
            options=_options(advertises=advertises),
            protocol=protocol,
            seconds_max=seconds_max,
            settings=settings,
        )

    def _speak(
        self,
        command: str,
        git_dir: Path,
        *,
        options: tuple[str, ...],
        protocol: str,
        seconds_max: float,
        settings: tuple[Setting, ...],
    ) -> AbstractAsyncContextManager[Conversation]:
        version = _PROTOCOL.search(protocol)
        call = Call(
            command=command,
            options=options,
            arguments=(str(git_dir),),
            limits=Limits(seconds_max=seconds_max, memory_bytes_max=self._runner.config.memory_bytes_max),
            settings=settings,
            variables={"GIT_PROTOCOL": f"version={version[1]}"} if version else {},
        )
        return self._runner.converse(call)


def _options(*options: str, advertises: bool) -> tuple[str, ...]:
    return ("--stateless-rpc", *(("--http-backend-info-refs",) if advertises else ()), *options)
