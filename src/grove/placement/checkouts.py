"""Where the files of workspaces lie on disk, and what they are made from."""

from pathlib import Path

from grove.placement.locator import Locator, checked


class CheckoutPlaces:
    """Makes the paths of checkouts and published trees below one data folder."""

    def __init__(self, locator: Locator) -> None:
        self.tenants = locator.tenants
        self._locator = locator

    def trees(self, *, tenant_id: str, repository_id: str) -> Path:
        """The published trees of a repository, each in a folder that is named by its id."""
        return self._locator.repository(tenant_id=tenant_id, repository_id=repository_id) / "trees"

    def pool(self, *, tenant_id: str, repository_id: str) -> Path:
        """Folders of a repository that lie ready before anybody wants them."""
        return self._locator.repository(tenant_id=tenant_id, repository_id=repository_id) / "pool"

    def checkouts(self, *, tenant_id: str) -> Path:
        """The checkouts of a tenant."""
        return self.tenants / checked(tenant_id) / "c"

    def checkout(self, *, tenant_id: str, workspace_id: str) -> Path:
        """The checkout of a workspace: the folder of its files, and what is known of them."""
        return self.checkouts(tenant_id=tenant_id) / checked(workspace_id)

    def trash(self, *, tenant_id: str) -> Path:
        """What is being removed; it is on the same disk as what it was."""
        return self.tenants / checked(tenant_id) / "trash"
