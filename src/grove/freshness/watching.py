"""Watching the folders of local repositories: a commit there is fetched at once."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from grove import jobs, repositories
from grove.freshness.syncing import SYNC_KIND, request_sync
from grove.freshness.tables import FreshnessRow
from grove.kit.gate import Source
from grove.kit.transactions import Transaction

REF_PLACES = ("refs", "packed-refs", "HEAD", "reftable")
"""Where git keeps what its branches and tags are, below its own folder."""


def watched_folders(tx: Transaction) -> dict[Path, str]:
    """Git's own folder of every local repository that is watched, with the repository's id."""
    chosen = select(FreshnessRow.tenant_id, FreshnessRow.repository_id).where(FreshnessRow.watch)
    found = {}
    for tenant_id, repository_id in tx.session.execute(chosen):
        repository = repositories.repository_of_job(tx, tenant_id=tenant_id, repository_id=repository_id)
        found[git_folder(Path(repository.url))] = repository_id
    return found


def watched_by_tenant(tx: Transaction, repository_ids: Iterable[str]) -> dict[str, list[str]]:
    """Those of some repositories that are watched, by tenant."""
    chosen = select(FreshnessRow.tenant_id, FreshnessRow.repository_id).where(
        FreshnessRow.watch, FreshnessRow.repository_id.in_(list(repository_ids))
    )
    found: dict[str, list[str]] = {}
    for tenant_id, repository_id in tx.session.execute(chosen.order_by(FreshnessRow.repository_id)):
        found.setdefault(tenant_id, []).append(repository_id)
    return found


def sync_watched(tx: Transaction, repository_ids: Iterable[str], *, now: datetime) -> None:
    """Have mirrors brought up to date whose upstream has just changed."""
    for repository_id in repository_ids:
        row = tx.session.get(FreshnessRow, repository_id)
        if row is not None and row.watch and not jobs.is_waiting(tx, target_id=repository_id, kind=SYNC_KIND):
            repository = repositories.repository_of_job(tx, tenant_id=row.tenant_id, repository_id=repository_id)
            request_sync(tx, repository, source=Source.WORKER, now=now)


def git_folder(repository: Path) -> Path:
    """Where git keeps its files: inside of a working copy, or the folder itself if it is bare."""
    inside = repository / ".git"
    return inside if inside.is_dir() else repository


def is_about_refs(path: Path, folder: Path) -> bool:
    """Whether a changed file can mean that a branch or tag has moved; git's locks are only on the way there."""
    parts = path.relative_to(folder).parts
    return bool(parts) and parts[0] in REF_PLACES and not path.name.endswith(".lock")


def changed_repositories(paths: Iterable[str], folders: Mapping[Path, str]) -> set[str]:
    """The ids of the repositories in which branches or tags may have moved."""
    changed = set()
    for path in map(Path, paths):
        for folder, repository_id in folders.items():
            if path.is_relative_to(folder) and is_about_refs(path, folder):
                changed.add(repository_id)
    return changed
