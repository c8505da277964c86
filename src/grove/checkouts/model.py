"""What a checkout is: the files of a workspace in a folder."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from grove.checkouts.preparation import SetUp
from grove.git import TreeLimits
from grove.workspaces import Workspace, WorkspaceLimits


class CheckoutMethod(StrEnum):
    """How files come into a folder."""

    BTRFS = "btrfs"
    """A snapshot of a subvolume."""
    OVERLAY = "overlay"
    """A mount that shows a folder which others see too, and keeps changes apart."""
    CLONE = "clone"
    """Written by several processes; larger files share the blocks of the published tree until they are changed."""
    COPY = "copy"
    """Written by several processes from a published tree."""
    GIT = "git"
    """Checked out by git."""
    SPARSE = "sparse"
    """Written one by one, since only some were wanted."""


SHARING: Final = frozenset({CheckoutMethod.BTRFS, CheckoutMethod.OVERLAY, CheckoutMethod.CLONE})
"""Those whose files take no room of their own until they are changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutLimits:
    """How much one checkout may take, one user's checkouts together, and a tenant's published trees."""

    bytes_max: int
    file_bytes_max: int
    trees_bytes_max: int
    written: WorkspaceLimits
    methods: tuple[CheckoutMethod, ...]
    """Those that may be tried, the fastest first."""
    warm_max: int = 0
    """How many folders of a repository are laid out before anybody wants them."""
    tree: TreeLimits = field(default_factory=TreeLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The files of a workspace in a folder: `tree` is what was laid there, by `method`, in so many seconds."""

    workspace_id: str
    tenant_id: str
    repository_id: str
    owner_id: str
    method: CheckoutMethod
    tree: str
    head: str
    files: int
    size_bytes: int
    left_out: int
    seconds: float
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCheckout:
    """A checkout and the folder in which a person on the server's machine works in it."""

    checkout: Checkout
    path: Path
    left_out: dict[str, str] = field(default_factory=dict)
    """Files that were not laid out, and why."""
    is_warm: bool = False
    """Whether it lay ready before it was wanted."""
    set_up: SetUp = field(default_factory=SetUp)
    sparse: tuple[str, ...] = ()
    """The only folders whose files are there; all are, if none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What came of bringing a folder and its workspace together: how many files came from each side.

    `left_out` are files of the folder that were not taken, and why; `commits` is whether commits were taken, and
    `commits_problem` why those that there are were not.
    """

    workspace: Workspace
    from_folder: int
    into_folder: int
    left_out: dict[str, str]
    commits: bool
    commits_problem: str
