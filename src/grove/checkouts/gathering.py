"""Taking what was changed in the folder of a workspace into it, commits too, and the other way round."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from grove.checkouts import rows
from grove.checkouts.collecting import Collection
from grove.checkouts.commits import CommitTaker
from grove.checkouts.errors import CheckoutBusy, CheckoutMissing
from grove.checkouts.ground import CheckoutGround
from grove.checkouts.model import Collected
from grove.checkouts.placing import INDEX
from grove.kit import faults
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.repositories import get_repository
from grove.workspaces import Workspace, any_workspace, take_in

ATTEMPTS_MAX: Final = 8
"""How often it is tried again to take changes in because the workspace was changed meanwhile."""
MERGED: Final = faults.declare("checkout.merged")
TAKEN: Final = faults.declare("checkout.taken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gatherer:
    """Brings the folder of one workspace and the workspace together, while nobody else does anything with it."""

    ground: CheckoutGround
    actor: Actor
    now: datetime

    def gather(self, workspace: Workspace) -> Collected:
        """Take all that was changed in either into the other, or nothing.

        :raises CheckoutMissing: if its files are in no folder.
        :raises CheckoutBusy: if it is changed all the time.
        :raises CheckoutConflict: if a file was changed here and there.
        :raises CheckoutTooLarge: if there is more in the folder than may be.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        with self.ground.database.reading() as tx:
            found = rows.get_checkout(tx, workspace_id=workspace.id)
        self.ground.show_again(found)
        placed = self.ground.placed(found)
        path = placed.path
        if not (path / ".git").is_dir():
            raise CheckoutMissing(
                workspace=workspace.name, reason="its git directory is gone; remove the checkout and make it anew"
            )
        collection = Collection(
            git=self.ground.mirrors.git,
            git_dir=self.ground.git_dir(workspace),
            files=path,
            record=path.parent / INDEX,
            limits=self.ground.limits,
            apart=frozenset(os.fsencode(brought) for brought in placed.set_up.brought),
        )
        collection.look()
        for _ in range(ATTEMPTS_MAX):
            with self.ground.database.reading() as tx:
                seen = any_workspace(tx, actor=self.actor, workspace_id=workspace.id)
                repository = get_repository(tx, actor=self.actor, repository_id=workspace.repository_id)
            tree, theirs = collection.merge(seen.tree)
            head, problem = self._take_commits(seen, path, self.ground.mirrors.path(repository))
            faults.reach(MERGED)
            changed = (tree, head) != (seen.tree, seen.head)
            taken = self._take_in(seen, collection, tree=tree, head=head) if changed else seen
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
            git=self.ground.mirrors.git,
            git_dir=self.ground.git_dir(seen),
            confiner=self.ground.confiner,
            files=files.resolve(),
            readable=(mirror.resolve(), self.ground.git_dir(seen).resolve() / "objects"),
        )
        tip = taker.tip(seen.branch)
        if tip in {"", seen.head}:
            return seen.head, ""
        try:
            problem = taker.take(tip, known=seen.head)
        except GroveError as error:
            problem = f"{error.message} ({error.code})"
        return (seen.head if problem else tip), problem

    def _take_in(self, seen: Workspace, collection: Collection, *, tree: str, head: str) -> Workspace | None:
        with self.ground.database.transaction() as tx:
            return take_in(
                tx,
                actor=self.actor,
                seen=seen,
                tree=tree,
                head=head,
                size_bytes=collection.written_bytes,
                limits=self.ground.limits.written,
                now=self.now,
            )
