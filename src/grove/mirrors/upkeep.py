"""Removing mirrors, and what a crash has left behind."""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import delete

from grove.kit.files import remove_tree
from grove.kit.transactions import Transaction
from grove.mirrors.pulls import forget_pulls
from grove.mirrors.tables import MirrorRefRow
from grove.placement import Locator
from grove.sandbox import remove_written


def remove_mirror(tx: Transaction, *, repository_id: str) -> None:
    """Forget the refs of a mirror whose files are gone."""
    tx.session.execute(delete(MirrorRefRow).where(MirrorRefRow.repository_id == repository_id))
    forget_pulls(tx, repository_id=repository_id)


def sweep_leftovers(locator: Locator, *, known: Collection[tuple[str, str]], running: Collection[str]) -> list[Path]:
    """Remove what no row names: folders of unknown repositories, and what jobs and git clients had begun.

    `known` holds (tenant, repository) ids, `running` the ids of jobs that are held by a living worker.
    """
    removed = list(locator.jobs().glob("git-*"))
    for folder in removed:
        remove_tree(folder)
    written = [path for name in ("confined-*", "scip-*") for path in locator.jobs().glob(name)]
    for folder in written:
        remove_written(folder)  # what is in it was not written by us
    removed += written
    for folder in sorted(locator.tenants.glob("*/r/*")):
        place = (folder.parent.parent.name, folder.name)
        doomed = [folder] if place not in known else _abandoned(folder, running)
        for path in doomed:
            remove_tree(path)
            removed.append(path)
    return removed


def _abandoned(repository: Path, running: Collection[str]) -> list[Path]:
    jobs = [path for path in repository.glob("incoming/*") if path.name not in running]
    half_removed = list(repository.glob(".*.removing"))
    return [*jobs, *half_removed]
