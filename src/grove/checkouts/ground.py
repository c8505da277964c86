"""Where checkouts lie and what they are made with, as all that is done with them needs it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grove.checkouts import rows, system
from grove.checkouts.errors import CheckoutBusy, CheckoutMissing
from grove.checkouts.locks import locked
from grove.checkouts.model import SHARING, Checkout, CheckoutLimits, CheckoutMethod, PlacedCheckout
from grove.checkouts.placing import FILES, LaidFacts, Placer, mount
from grove.checkouts.preparation import Preparation
from grove.checkouts.preparing import Preparer
from grove.checkouts.store import LAID, TreeStore
from grove.kit.errors import needing_room
from grove.kit.files import allocated_bytes
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import CheckoutPlaces, Locator
from grove.repositories import Repository
from grove.sandbox import Confiner
from grove.workspaces import Workspace, note_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutGround:
    """What checkouts stand on."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    limits: CheckoutLimits
    confiner: Confiner
    hold: Callable[[Transaction, Workspace], None]
    """Raises when the owner's workspaces take as much room as they may."""

    def measure(self, workspace: Workspace) -> None:
        """Write down how much room a folder takes of its own: all of it, or what was changed in one that shares it."""
        with self.database.reading() as tx:
            found = rows.get_checkout(tx, workspace_id=workspace.id)
        laid_at = found.made_at.timestamp() + found.seconds if found.method in SHARING else 0.0
        size_bytes = allocated_bytes(self.folder(workspace), since=laid_at)
        with self.database.transaction() as tx:
            note_folder(tx, workspace_id=workspace.id, size_bytes=size_bytes)

    @property
    def places(self) -> CheckoutPlaces:
        """Where everything is."""
        return CheckoutPlaces(self.locator)

    def folder(self, workspace: Workspace) -> Path:
        """Where the checkout of a workspace is."""
        return self.places.checkout(tenant_id=workspace.tenant_id, workspace_id=workspace.id)

    def git_dir(self, workspace: Workspace) -> Path:
        """Where the objects of a workspace are, in a git directory of ours."""
        return self.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)

    @contextmanager
    def alone(self, workspace: Workspace) -> Iterator[None]:
        """Nobody else does anything with the checkout of a workspace in the time of the block.

        :raises CheckoutBusy: if somebody does.
        :raises StorageFull: if the disk is.
        """
        with locked(self.git_dir(workspace) / "checkout.lock", waiting=False) as held:
            if not held:
                raise CheckoutBusy(workspace=workspace.name)
            with needing_room():
                yield

    def placed(self, found: Checkout) -> PlacedCheckout:
        """A checkout with its folder.

        :raises CheckoutMissing: if there is none.
        """
        place = self.places.checkout(tenant_id=found.tenant_id, workspace_id=found.workspace_id)
        try:
            facts = LaidFacts.read(place)
        except FileNotFoundError:
            raise CheckoutMissing(workspace=found.workspace_id) from None
        return PlacedCheckout(
            checkout=found,
            path=place / FILES,
            left_out=facts.left_out,
            is_warm=facts.is_warm,
            set_up=facts.set_up,
            sparse=facts.sparse,
        )

    def show_again(self, found: Checkout) -> None:
        """Mount what a restart of the machine has taken away.

        :raises CheckoutMissing: if it cannot be mounted.
        """
        place = self.places.checkout(tenant_id=found.tenant_id, workspace_id=found.workspace_id)
        if found.method is not CheckoutMethod.OVERLAY or system.mounts_beneath(place):
            return
        trees = self.places.trees(tenant_id=found.tenant_id, repository_id=found.repository_id)
        try:
            mount(place, lower=trees / found.tree / LAID / FILES)
        except OSError as error:
            raise CheckoutMissing(workspace=found.workspace_id, reason=error.strerror) from error

    def placer(
        self, what: Workspace | Repository, *, git_dir: Path, pinned: frozenset[str], preparer: Preparer
    ) -> Placer:
        """What lays folders of a repository out."""
        repository_id = what.repository_id if isinstance(what, Workspace) else what.id
        place = {"tenant_id": what.tenant_id, "repository_id": repository_id}
        trees = TreeStore(
            git=self.mirrors.git,
            git_dir=git_dir,
            folder=self.places.trees(**place),
            limits=self.limits,
            pinned=pinned,
        )
        return Placer(
            git=self.mirrors.git,
            git_dir=git_dir,
            trees=trees,
            pool=self.places.pool(**place),
            trash=self.places.trash(tenant_id=what.tenant_id),
            root=self.places.tenants,
            limits=self.limits,
            preparer=preparer,
        )

    def preparer(self, preparation: Preparation, *, mirror: Path, objects: Sequence[Path] = ()) -> Preparer:
        """What prepares folders of a repository; `objects` are what they borrow from beside the mirror."""
        readable = [path.resolve() for path in (mirror, *objects)]
        return Preparer(confiner=self.confiner, preparation=preparation, readable=readable)
