"""What a search finds of workspaces."""

from dataclasses import dataclass

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.placement import Locator
from grove.search import Draft
from grove.workspaces import open_workspace


@dataclass(frozen=True, slots=True)
class WorkspaceDrafts:
    """Finds the files of workspaces for those who may see them."""

    locator: Locator

    def __call__(self, tx: Transaction, *, actor: Actor, name: str) -> Draft:
        """The workspace of that name, as it is now.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        """
        found = open_workspace(tx, actor=actor, name=name, changing=False)
        return Draft(
            repository_id=found.repository_id,
            branch=found.branch,
            folder=self.locator.workspace(tenant_id=found.tenant_id, workspace_id=found.id),
            base=found.base,
            head=found.head,
            tree=found.tree,
        )
