"""What can be done with the files of a workspace on disk."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

from grove import activity, jobs
from grove.checkouts import rows
from grove.checkouts.configuring import preparation_of
from grove.checkouts.gathering import Gatherer
from grove.checkouts.git_folder import GitFolder, point_origin
from grove.checkouts.ground import CheckoutGround
from grove.checkouts.listing import list_files
from grove.checkouts.locks import locked
from grove.checkouts.model import Checkout, Collected, PlacedCheckout
from grove.checkouts.placing import LaidFacts
from grove.checkouts.preparation import SetUpState
from grove.checkouts.preparing import Preparer
from grove.checkouts.published import admitted
from grove.checkouts.sparse import Cone
from grove.checkouts.trash import empty_trash, throw_away
from grove.checkouts.widening import widen
from grove.kit import faults
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.mirrors import refs_of
from grove.repositories import Repository, aliases_of, get_repository
from grove.workspaces import Workspace, WorkspaceNotFound, any_workspace, open_workspace

TRASH_JOB: Final = "checkout.remove"
WARM_JOB: Final = "checkout.warm"
PLACED: Final = faults.declare("checkout.placed")


class Rescuing(Protocol):
    """Keeps what a workspace that has ended has of its own by one commit."""

    def __call__(self, actor: Actor, workspace_id: str, *, now: datetime) -> None:
        """Keep it so, as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutDesk:
    """Lays the files of workspaces out in folders; any number of threads and processes may use it."""

    ground: CheckoutGround

    def checkout(
        self, actor: Actor, name: str, *, now: datetime, again: bool = False, sparse: Sequence[str] = ()
    ) -> PlacedCheckout:
        """Have a workspace's files in a folder; the one that there is, if there is one.

        A new one is prepared as its repository is set, and one that there is `again` if that is wanted. That a
        preparation failed is told and not raised: the files are there. With `sparse`, only these folders are laid out;
        to a sparse one that there is they are added.

        :raises Denied: if `actor` may not.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutTooLarge: if its files take more room than a checkout may.
        :raises CheckoutsFull: if the owner's checkouts take more than they may.
        :raises TreeRefused: if a name in it leads elsewhere.
        """
        with self.ground.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
            refs = refs_of(tx, repository_id=repository.id)
        with self.ground.alone(workspace):
            with self.ground.database.reading() as tx:
                found = rows.find_checkout(tx, workspace_id=workspace.id)
                preparation = preparation_of(tx, repository_id=repository.id)
                left = aliases_of(tx, repository_id=repository.id)
            preparer = self.ground.preparer(
                preparation,
                mirror=self.ground.mirrors.path(repository),
                objects=(self.ground.git_dir(workspace) / "objects",),
            )
            if found is not None and self.ground.folder(workspace).is_dir():
                self.ground.show_again(found)
                point_origin(self.ground.placed(found).path, origin=repository.url, left=left)
                wider = self._widen(actor, workspace, found, preparer, sparse=sparse, now=now)
                return self._set_up(wider, preparer, again=again)
            with self.ground.database.reading() as tx:
                self.ground.hold(tx, workspace)
            wanted = self._git_folder(actor, workspace, repository, refs)
            made = self._place(workspace, wanted, preparer, sparse=sparse, now=now)
            try:
                with self.ground.database.transaction() as tx:
                    open_workspace(tx, actor=actor, name=workspace.id, changing=True)
                    rows.put_checkout(tx, made, limits=self.ground.limits)
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
                    if self.ground.limits.warm_max:
                        self._enqueue(tx, actor, WARM_JOB, target_id=workspace.repository_id, now=now)
            except BaseException:
                throw_away(self.ground.folder(workspace), self.ground.places.trash(tenant_id=workspace.tenant_id))
                raise
            return self._set_up(made, preparer)

    def _widen(
        self,
        actor: Actor,
        workspace: Workspace,
        found: Checkout,
        preparer: Preparer,
        *,
        sparse: Sequence[str],
        now: datetime,
    ) -> Checkout:
        """Add folders to a sparse checkout; to one with all files there is nothing to add."""
        placed = self.ground.placed(found)
        missing = set(Cone.of(sparse).folders) - set(Cone.of(placed.sparse).folders)
        if not (placed.sparse and missing):
            return found
        with self.ground.mirrors.git.objects(self.ground.git_dir(workspace)) as reader:
            tree = reader.read_root(workspace.head)[0]
            listing = list_files(reader, tree, limits=self.ground.limits.tree)
            both = Cone.of([*placed.sparse, *sparse])
            both.check(listing)
            both.leave_out_others(listing)
            size_bytes = sum(admitted(reader, listing, self.ground.limits).values())
        wider = replace(found, size_bytes=size_bytes, files=sum(not entry.is_left_out for entry in listing.entries))
        with self.ground.database.transaction() as tx:
            rows.put_checkout(tx, wider, limits=self.ground.limits)
        added = [folder.decode(errors="surrogateescape") for folder in sorted(missing)]
        widen(self.ground.confiner, placed.path.resolve(), readable=preparer.readable, folders=added)
        Gatherer(ground=self.ground, actor=actor, now=now).gather(workspace)
        folders = tuple(folder.decode(errors="surrogateescape") for folder in both.folders)
        replace(LaidFacts.read(placed.path.parent), sparse=folders, files=wider.files, size_bytes=size_bytes).write(
            placed.path.parent
        )
        return wider

    def _set_up(self, found: Checkout, preparer: Preparer, *, again: bool = False) -> PlacedCheckout:
        """Prepare a folder, unless that was done; also one that failed, if it is wanted again."""
        placed = self.ground.placed(found)
        if placed.set_up.state is SetUpState.WAITING or again:
            folder = placed.path.parent
            brought = placed.set_up.brought
            done = preparer.prepare(placed.path)
            done = replace(done, brought=tuple(dict.fromkeys((*brought, *done.brought))))
            replace(LaidFacts.read(folder), set_up=done).write(folder)
        return self.ground.placed(found)

    def find(self, actor: Actor, name: str) -> PlacedCheckout:
        """Where the files of a workspace are.

        :raises Denied: if `actor` may not.
        :raises CheckoutMissing: if they are in no folder.
        """
        with self.ground.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=False)
            return self.ground.placed(rows.get_checkout(tx, workspace_id=workspace.id))

    def collect(self, actor: Actor, name: str, *, now: datetime) -> Collected:
        """Take what was changed in the folder into the workspace, and the other way round; all of it, or nothing.

        :raises Denied: if `actor` may not.
        :raises CheckoutMissing: if its files are in no folder.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutConflict: if a file was changed here and there.
        :raises CheckoutTooLarge: if there is more in the folder than may be.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        with self.ground.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
        with self.ground.alone(workspace):
            collected = Gatherer(ground=self.ground, actor=actor, now=now).gather(workspace)
            self.ground.measure(workspace)
        return collected

    def close(self, actor: Actor, workspace_id: str, *, rescue: Rescuing, now: datetime) -> None:
        """Take what was changed in the folder of a workspace that has ended into it, and the folder away.

        What came into it is `rescue`d. Of a workspace that is gone, the folder goes as it is.

        :raises Denied: if `actor` may not.
        :raises CheckoutBusy: if something else is being done with it.
        :raises CheckoutConflict: if a file was changed here and there; the folder stays.
        """
        workspace: Workspace | None = None
        with self.ground.database.reading() as tx:
            found = rows.find_checkout(tx, workspace_id=workspace_id)
            with suppress(WorkspaceNotFound):
                workspace = any_workspace(tx, actor=actor, workspace_id=workspace_id)
        if found is None:
            return
        if workspace is None:
            self._give_up(found)
        elif workspace.ended_at is not None:
            with self.ground.alone(workspace):
                if self.ground.folder(workspace).is_dir():
                    Gatherer(ground=self.ground, actor=actor, now=now).gather(workspace)
                    rescue(actor, workspace_id, now=now)
                self._give_up(found)

    def _give_up(self, found: Checkout) -> None:
        places = self.ground.places
        with self.ground.database.transaction() as tx:
            rows.forget_checkout(tx, workspace_id=found.workspace_id)
        folder = places.checkout(tenant_id=found.tenant_id, workspace_id=found.workspace_id)
        throw_away(folder, places.trash(tenant_id=found.tenant_id))

    def remove(self, actor: Actor, name: str, *, now: datetime) -> PlacedCheckout:
        """Take the folder of a workspace away, with whatever is in it; a job removes it from the disk.

        :raises Denied: if `actor` may not.
        :raises CheckoutMissing: if there is none.
        :raises CheckoutBusy: if something else is being done with it.
        """
        with self.ground.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
        with self.ground.alone(workspace), self.ground.database.transaction() as tx:
            gone = self.ground.placed(rows.get_checkout(tx, workspace_id=workspace.id))
            rows.forget_checkout(tx, workspace_id=workspace.id)
            activity.record(
                tx,
                actor=actor,
                action="workspace.checkout_removed",
                target_kind="workspace",
                target_id=workspace.id,
                now=now,
            )
            throw_away(self.ground.folder(workspace), self.ground.places.trash(tenant_id=workspace.tenant_id))
            self._enqueue(tx, actor, TRASH_JOB, target_id=workspace.tenant_id, now=now)
        return gone

    def warm(self, actor: Actor, repository_id: str) -> None:
        """Lay out folders of a repository's default branch before anybody wants them.

        :raises MirrorAbsent: if nothing of it is here yet.
        """
        with self.ground.database.reading() as tx:
            repository = get_repository(tx, actor=actor, repository_id=repository_id)
            pinned = rows.pinned_trees(tx, repository_id=repository_id)
            preparation = preparation_of(tx, repository_id=repository_id)
        mirror = self.ground.mirrors.path(repository)
        preparer = self.ground.preparer(preparation, mirror=mirror)
        commit = self.ground.mirrors.resolve(repository, "")
        with self.ground.mirrors.objects(repository) as reader:
            tree, _ = reader.read_root(commit)
        placer = self.ground.placer(repository, git_dir=mirror, pinned=pinned, preparer=preparer)
        with locked(placer.pool.with_name("warming.lock"), waiting=False) as held:
            if held:
                placer.warm(tree=tree)
                empty_trash(placer.trash)

    def _enqueue(self, tx: Transaction, actor: Actor, kind: str, *, target_id: str, now: datetime) -> None:
        jobs.enqueue(tx, tenant_id=actor.tenant_id, kind=kind, target_id=target_id, requested_by=actor.id, now=now)

    def _place(
        self,
        workspace: Workspace,
        wanted: GitFolder,
        preparer: Preparer,
        *,
        sparse: Sequence[str],
        now: datetime,
    ) -> Checkout:
        folder, trash = self.ground.folder(workspace), self.ground.places.trash(tenant_id=workspace.tenant_id)
        throw_away(folder, trash)
        with self.ground.database.reading() as tx:
            pinned = rows.pinned_trees(tx, repository_id=workspace.repository_id)
        placer = self.ground.placer(workspace, git_dir=self.ground.git_dir(workspace), pinned=pinned, preparer=preparer)
        facts, seconds = placer.place(folder, commit=workspace.head, tree=workspace.tree, wanted=wanted, sparse=sparse)
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
        mirror = self.ground.mirrors.path(repository)
        return GitFolder(
            branch=workspace.branch,
            head=workspace.head,
            golden=mirror,
            objects=(mirror / "objects", self.ground.git_dir(workspace) / "objects"),
            origin=repository.url,
            refs=refs,
            upstream=workspace.target if f"refs/heads/{workspace.target}" in refs else "",
            user_name=actor.name,
            user_email=f"{actor.id}@users.grove.invalid",
        )
