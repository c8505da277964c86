"""What is done to the checkouts of a repository before they are used: files come along, a command sets them up."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from grove.checkouts.errors import PreparationInvalid
from grove.git import is_safe_path

FILES_MAX: Final = 32
FILE_CHARACTERS_MAX: Final = 64 * 1024
PATH_BYTES_MAX: Final = 500
COMMAND_CHARACTERS_MAX: Final = 4_000
SECONDS_MAX: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a repository's checkouts get: `files` by their paths, and a command for the shell.

    The command has no network unless it is allowed. When it is `movable`, what it makes works in any folder, and it is
    run before a checkout is wanted.
    """

    set_up: str = ""
    network: bool = False
    seconds_max: float = SECONDS_MAX
    movable: bool = False
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.set_up or self.files)

    @property
    def digest(self) -> str:
        """What tells it from others; empty if there is nothing to do."""
        if self.is_nothing:
            return ""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def check(self) -> None:
        """Return when it can be done.

        :raises PreparationInvalid: if a path leads elsewhere, or there is too much.
        """
        if len(self.set_up) > COMMAND_CHARACTERS_MAX or "\0" in self.set_up:
            raise PreparationInvalid(command_characters_max=COMMAND_CHARACTERS_MAX)
        if not 0 < self.seconds_max <= SECONDS_MAX:
            raise PreparationInvalid(seconds_max=SECONDS_MAX)
        if len(self.files) > FILES_MAX or any(len(text) > FILE_CHARACTERS_MAX for text in self.files.values()):
            raise PreparationInvalid(files_max=FILES_MAX, characters_max=FILE_CHARACTERS_MAX)
        for path in self.files:
            raw = path.encode(errors="surrogateescape")
            if len(raw) > PATH_BYTES_MAX or not is_safe_path(raw) or "\n" in path:
                raise PreparationInvalid(path=path)


class SetUpState(StrEnum):
    """How far the preparation of a checkout is."""

    NONE = "none"
    """There was nothing to do."""
    WAITING = "waiting"
    """It was not begun, or cut off: the next use of the checkout does it."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """How the preparation of a checkout went: `log` is the end of what the command said, `reason` why it failed.

    `brought` are files that were brought along, `not_brought` those that were not, and why.
    """

    state: SetUpState = SetUpState.NONE
    reason: str = ""
    log: str = ""
    seconds: float = 0.0
    digest: str = ""
    brought: tuple[str, ...] = ()
    not_brought: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "SetUp":
        """As it was written down."""
        return cls(**{**told, "state": SetUpState(told["state"]), "brought": tuple(told["brought"])})
