"""What a crash left behind of workspaces that were never opened."""

from pathlib import Path

from sqlalchemy import select

from grove.git import Git
from grove.kit.files import remove_tree
from grove.kit.tenancy import serving_all
from grove.kit.transactions import Database
from grove.placement import Locator
from grove.workspaces.pins import unpin
from grove.workspaces.tables import WorkspaceRow


def sweep_workspaces(database: Database, locator: Locator, *, git: Git) -> list[Path]:
    """Remove the folders and the pins of workspaces that no row names; only while nobody opens any."""
    with serving_all(), database.reading() as tx:
        known = set(tx.session.scalars(select(WorkspaceRow.id)))
    removed = [folder for folder in sorted(locator.tenants.glob("*/w/*")) if folder.name not in known]
    for folder in removed:
        alternates = folder / "objects" / "info" / "alternates"
        mirror = Path(alternates.read_text().strip()).parent if alternates.is_file() else None
        if mirror is not None and mirror.is_dir():
            unpin(git, mirror, folder.name)
        remove_tree(folder)
    return removed
