"""Having a mirror brought up to date when nobody has asked for it: Grove itself does."""

from datetime import datetime

from grove import accounts, repositories
from grove.kit.gate import Source
from grove.kit.transactions import Transaction
from grove.mirrors import SyncArguments
from grove.repositories import NotAllowedNow, Repository

SYNC_KIND = SyncArguments.kind


def request_sync(tx: Transaction, repository: Repository, *, source: Source, now: datetime) -> str:
    """Ask for a sync in Grove's own name; why not, if the repository is in no state for it, else nothing."""
    steward = accounts.steward(tx, tenant_id=repository.tenant_id, source=source, now=now)
    try:
        repositories.request_sync(tx, actor=steward, repository_id=repository.id, now=now)
    except NotAllowedNow as refused:
        return f"{repository.name} is {refused.facts.get('state')}"
    return ""
