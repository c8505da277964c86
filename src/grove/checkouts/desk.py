"""What can be done with the files of a workspace on disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from grove import activity, jobs
from grove.checkouts import rows, system
from grove.checkouts.collecting import Collection
from grove.checkouts.commits import CommitTaker
from grove.checkouts.errors import CheckoutBusy, CheckoutMissing, CommandsTooMany
from grove.checkouts.executing import Executed, Order, run_order
from grove.checkouts.git_folder import GitFolder
from grove.checkouts.locks import locked
from grove.checkouts.model import Checkout, CheckoutLimits, CheckoutMethod, Collected, PlacedCheckout
from grove.checkouts.placing import FILES, INDEX, LaidFacts, Placer, mount
from grove.checkouts.store import LAID, TreeStore
from grove.checkouts.trash import empty_trash, throw_away
from grove.kit import faults
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader, refs_of
from grove.placement import CheckoutPlaces, Locator
from grove.repositories import Repository, get_repository
from grove.sandbox import Confiner
from grove.workspaces import Workspace, any_workspace, open_workspace, take_in

TRASH_JOB: Final = "checkout.remove"
WARM_JOB: Final = "checkout.warm"
COMMANDS_MAX: Final = 4
"""How many commands run in workspaces at once."""
ATTEMPTS_MAX: Final = 8
"""How often it is tried again to take changes in because the workspace was changed meanwhile."""
PLACED: Final = faults.declare("checkout.placed")
MERGED: Final = faults.declare("checkout.merged")
TAKEN: Final = faults.declare("checkout.taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutDesk:
    """Lays the files of workspaces out in folders; any number of threads and processes may use it."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    limits: CheckoutLimits
    confiner: Confiner
    turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(COMMANDS_MAX))

    @property
    def places(self) -> CheckoutPlaces:
        """Where everything is."""
        return CheckoutPlaces(self.locator)

    def checkout(self, actor: Actor, name: str, *, now: datetime) -> PlacedCheckout:
        """Have a workspace's files in a folder; the one that there is, if there is one.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutTooLarge: if its files take more room than a checkout may.
        :raises CheckoutsFull: if the owner's checkouts take more than they may.
        :raises TreeRefused: if a name in it leads elsewhere.
        """
        with self.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
            refs = refs_of(tx, repository_id=repository.id)
        with self._alone(workspace):
            with self.database.reading() as tx:
                found = rows.find_checkout(tx, workspace_id=workspace.id)
            if found is not None and self._folder(workspace).is_dir():
                self.show_again(found)
                return self._placed(found)
            wanted = self._git_folder(actor, workspace, repository, refs)
            made = self._place(workspace, wanted, now=now)
            try:
                with self.database.transaction() as tx:
                    open_workspace(tx, actor=actor, name=workspace.id, changing=True)
                    rows.put_checkout(tx, made, limits=self.limits)
                    activity.record(
                        tx,
                        actor=actor,
                        action="workspace.checkout",
                        target_kind="workspace",
                        target_id=workspace.id,
                        now=now,
                        method=made.method,
                        files=made.files,
                    )
                    if self.limits.warm_max:
                        self._enqueue(tx, actor, WARM_JOB, target_id=workspace.repository_id, now=now)
            except BaseException:
                throw_away(self._folder(workspace), self.places.trash(tenant_id=workspace.tenant_id))
                raise
        return self._placed(made)

    def find(self, actor: Actor, name: str) -> PlacedCheckout:
        """Where the files of a workspace are.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CheckoutMissing: if they are in no folder.
        """
        with self.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=False)
            return self._placed(rows.get_checkout(tx, workspace_id=workspace.id))

    def collect(self, actor: Actor, name: str, *, now: datetime) -> Collected:
        """Take what was changed in the folder into the workspace, and the other way round; all of it, or nothing.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CheckoutMissing: if its files are in no folder.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutConflict: if a file was changed here and there.
        :raises CheckoutTooLarge: if there is more in the folder than may be.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        with self.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
        with self._alone(workspace):
            return self._collect(actor, workspace, now=now)

    def close(self, actor: Actor, workspace_id: str, *, now: datetime) -> None:
        """Take what was changed in the folder of a workspace that has ended into it, and the folder away.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutConflict: if a file was changed here and there; the folder stays.
        """
        with self.database.reading() as tx:
            workspace = any_workspace(tx, actor=actor, workspace_id=workspace_id)
            found = rows.find_checkout(tx, workspace_id=workspace_id)
        if found is None or workspace.ended_at is None:
            return
        with self._alone(workspace):
            if self._folder(workspace).is_dir():
                self._collect(actor, workspace, now=now)
            with self.database.transaction() as tx:
                rows.forget_checkout(tx, workspace_id=workspace_id)
            throw_away(self._folder(workspace), self.places.trash(tenant_id=workspace.tenant_id))

    def _collect(self, actor: Actor, workspace: Workspace, *, now: datetime) -> Collected:
        with self.database.reading() as tx:
            found = rows.get_checkout(tx, workspace_id=workspace.id)
        self.show_again(found)
        path = self._placed(found).path
        if not (path / ".git").is_dir():
            raise CheckoutMissing(workspace=workspace.name, reason="its git directory is gone")
        collection = Collection(
            git=self.mirrors.git,
            git_dir=self._git_dir(workspace),
            files=path,
            record=path.parent / INDEX,
            limits=self.limits,
        )
        collection.look()
        for _ in range(ATTEMPTS_MAX):
            with self.database.reading() as tx:
                seen = any_workspace(tx, actor=actor, workspace_id=workspace.id)
                repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
            tree, theirs = collection.merge(seen.tree)
            head, problem = self._take_commits(seen, path, self.mirrors.path(repository))
            faults.reach(MERGED)
            changed = (tree, head) != (seen.tree, seen.head)
            taken = self._take_in(actor, seen, collection, tree=tree, head=head, now=now) if changed else seen
            if taken is not None:
                faults.reach(TAKEN)
                collection.bring(tree, theirs)
                return Collected(
                    workspace=taken,
                    from_folder=len(collection.mine),
                    into_folder=len(theirs),
                    left_out={
                        path.decode(errors="backslashreplace"): why for path, why in collection.found.left_out.items()
                    },
                    commits=head != seen.head,
                    commits_problem=problem,
                )
        raise CheckoutBusy(workspace=workspace.name)

    def _take_commits(self, seen: Workspace, files: Path, mirror: Path) -> tuple[str, str]:
        """The last commit that the workspace has when it has those of the folder, and why it cannot have them."""
        taker = CommitTaker(
            git=self.mirrors.git,
            git_dir=self._git_dir(seen),
            confiner=self.confiner,
            files=files.resolve(),
            readable=(mirror.resolve(), self._git_dir(seen).resolve() / "objects"),
        )
        tip = taker.tip(seen.branch)
        if tip in {"", seen.head}:
            return seen.head, ""
        try:
            problem = taker.take(tip, known=seen.head)
        except GroveError as error:
            problem = f"{error.message} ({error.code})"
        return (seen.head if problem else tip), problem

    def _take_in(
        self, actor: Actor, seen: Workspace, collection: Collection, *, tree: str, head: str, now: datetime
    ) -> Workspace | None:
        with self.database.transaction() as tx:
            return take_in(
                tx,
                actor=actor,
                seen=seen,
                tree=tree,
                head=head,
                size_bytes=collection.written_bytes,
                limits=self.limits.written,
                now=now,
            )

    def execute(self, actor: Actor, name: str, *, order: Order, now: datetime) -> Executed:
        """Run a command in the folder of a workspace, which is made if there is none, and collect what it changed.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CommandRefused: if it is no command, or its bounds are too wide.
        :raises CommandsTooMany: if as many run as may.
        :raises ConfinementUnavailable: if nothing on this machine can confine it.
        :raises CheckoutConflict: if a file was changed in the folder and in the workspace before.
        """
        order.check()
        placed = self.checkout(actor, name, now=now)
        with self.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
        readable = (self.mirrors.path(repository).resolve(), self._git_dir(workspace).resolve() / "objects")
        with self._alone(workspace), self._turn():
            self._collect(actor, workspace, now=now)
            outcome = run_order(self.confiner, order, files=placed.path.resolve(), readable=readable)
            with self.database.transaction() as tx:
                activity.record(
                    tx,
                    actor=actor,
                    action="workspace.execute",
                    target_kind="workspace",
                    target_id=workspace.id,
                    now=now,
                    command=order.words[0],
                    exit_code=outcome.exit_code,
                    network=order.network,
                )
            try:
                return Executed(outcome=outcome, collected=self._collect(actor, workspace, now=now), problem="")
            except GroveError as error:
                return Executed(outcome=outcome, collected=None, problem=str(error))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.turns.acquire(blocking=False):
            raise CommandsTooMany(commands_max=COMMANDS_MAX)
        try:
            yield
        finally:
            self.turns.release()

    def remove(self, actor: Actor, name: str, *, now: datetime) -> PlacedCheckout:
        """Take the folder of a workspace away, with whatever is in it; a job removes it from the disk.

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises CheckoutMissing: if there is none.
        :raises CheckoutBusy: if something else is being done with it.
        """
        with self.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
        with self._alone(workspace), self.database.transaction() as tx:
            gone = self._placed(rows.get_checkout(tx, workspace_id=workspace.id))
            rows.forget_checkout(tx, workspace_id=workspace.id)
            activity.record(
                tx,
                actor=actor,
                action="workspace.checkout_removed",
                target_kind="workspace",
                target_id=workspace.id,
                now=now,
            )
            throw_away(self._folder(workspace), self.places.trash(tenant_id=workspace.tenant_id))
            self._enqueue(tx, actor, TRASH_JOB, target_id=workspace.tenant_id, now=now)
        return gone

    def warm(self, actor: Actor, repository_id: str) -> None:
        """Lay out folders of a repository's default branch before anybody wants them.

        :raises MirrorAbsent: if nothing of it is here yet.
        """
        with self.database.reading() as tx:
            repository = get_repository(tx, actor=actor, repository_id=repository_id)
            pinned = rows.pinned_trees(tx, repository_id=repository_id)
        commit = self.mirrors.resolve(repository, "")
        with self.mirrors.objects(repository) as reader:
            tree, _ = reader.read_root(commit)
        placer = self._placer(repository, git_dir=self.mirrors.path(repository), pinned=pinned)
        with locked(placer.pool.with_name("warming.lock"), waiting=False) as held:
            if held:
                placer.warm(tree=tree)
                empty_trash(placer.trash)

    def _enqueue(self, tx: Transaction, actor: Actor, kind: str, *, target_id: str, now: datetime) -> None:
        jobs.enqueue(tx, tenant_id=actor.tenant_id, kind=kind, target_id=target_id, requested_by=actor.id, now=now)

    def _place(self, workspace: Workspace, wanted: GitFolder, *, now: datetime) -> Checkout:
        folder, trash = self._folder(workspace), self.places.trash(tenant_id=workspace.tenant_id)
        throw_away(folder, trash)
        with self.database.reading() as tx:
            pinned = rows.pinned_trees(tx, repository_id=workspace.repository_id)
        placer = self._placer(workspace, git_dir=self._git_dir(workspace), pinned=pinned)
        facts, seconds = placer.place(folder, commit=workspace.head, tree=workspace.tree, wanted=wanted)
        faults.reach(PLACED)
        return Checkout(
            workspace_id=workspace.id,
            tenant_id=workspace.tenant_id,
            repository_id=workspace.repository_id,
            owner_id=workspace.owner_id,
            method=facts.method,
            tree=facts.tree,
            head=workspace.head,
            files=facts.files,
            size_bytes=facts.size_bytes,
            left_out=len(facts.left_out),
            seconds=round(seconds, 3),
            made_at=now,
        )

    def _git_folder(
        self, actor: Actor, workspace: Workspace, repository: Repository, refs: dict[str, str]
    ) -> GitFolder:
        mirror = self.mirrors.path(repository)
        return GitFolder(
            branch=workspace.branch,
            head=workspace.head,
            golden=mirror,
            objects=(mirror / "objects", self._git_dir(workspace) / "objects"),
            origin=repository.url,
            refs=refs,
            upstream=workspace.target if f"refs/heads/{workspace.target}" in refs else "",
            user_name=actor.name,
            user_email=f"{actor.id}@users.grove.invalid",
        )

    def _placer(self, what: Workspace | Repository, *, git_dir: Path, pinned: frozenset[str]) -> Placer:
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
        )

    def _placed(self, found: Checkout) -> PlacedCheckout:
        place = self.places.checkout(tenant_id=found.tenant_id, workspace_id=found.workspace_id)
        try:
            facts = LaidFacts.read(place)
        except FileNotFoundError:
            raise CheckoutMissing(workspace=found.workspace_id) from None
        return PlacedCheckout(checkout=found, path=place / FILES, left_out=facts.left_out, is_warm=facts.is_warm)

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

    def _folder(self, workspace: Workspace) -> Path:
        return self.places.checkout(tenant_id=workspace.tenant_id, workspace_id=workspace.id)

    def _git_dir(self, workspace: Workspace) -> Path:
        return self.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)

    @contextmanager
    def _alone(self, workspace: Workspace) -> Iterator[None]:
        with locked(self._git_dir(workspace) / "checkout.lock", waiting=False) as held:
            if not held:
                raise CheckoutBusy(workspace=workspace.name)
            yield
