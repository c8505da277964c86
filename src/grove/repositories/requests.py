"""Requests: repositories that somebody asked for, and what was decided about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from grove import accounts
from grove.kit.gate import Actor, Resource
from grove.kit.names import name_key
from grove.kit.transactions import Transaction
from grove.repositories.model import Approval, Lifecycle, Repository
from grove.repositories.queries import first_visible, get_repository
from grove.repositories.rows import resource_of
from grove.repositories.tables import RepositoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRequest:
    """A repository that was asked for, who asked, and whether whoever looks may decide; if not, why."""

    repository: Repository
    requester: str
    may_decide: bool
    why_not: str


def list_requests(
    tx: Transaction, *, actor: Actor, state: Approval | None = Approval.PENDING, after: str = "", limit: int
) -> list[RepositoryRequest]:
    """Requests in a state, or in any, by the repository's name; `after` goes on where a page ended.

    :raises Denied: if `actor` may not see them.
    """
    tx.require(actor, "request.list", Resource(kind="request", tenant_id=actor.tenant_id))
    chosen = select(RepositoryRow).where(
        RepositoryRow.tenant_id == actor.tenant_id, RepositoryRow.lifecycle != Lifecycle.DELETED
    )
    if state is not None:
        chosen = chosen.where(RepositoryRow.approval == state)
    if after:
        chosen = chosen.where(RepositoryRow.name_key > name_key(after))
    found = first_visible(tx, actor, chosen.order_by(RepositoryRow.name_key), limit=limit)
    return _told(tx, actor, found)


def get_request(tx: Transaction, *, actor: Actor, repository_id: str) -> RepositoryRequest:
    """The request for a repository.

    :raises Denied: if `actor` may not see it.
    :raises RepositoryNotFound: if there is none that `actor` may see.
    """
    tx.require(actor, "request.list", Resource(kind="request", tenant_id=actor.tenant_id))
    [request] = _told(tx, actor, [get_repository(tx, actor=actor, repository_id=repository_id)])
    return request


def _told(tx: Transaction, actor: Actor, found: Sequence[Repository]) -> list[RepositoryRequest]:
    names = accounts.names_of(tx, principal_ids={repository.requested_by for repository in found})
    told = []
    for repository in found:
        decision = tx.decision(actor, "repository.approve", resource_of(repository))
        told.append(
            RepositoryRequest(
                repository=repository,
                requester=names.get(repository.requested_by, ""),
                may_decide=decision.allowed,
                why_not=decision.reason,
            )
        )
    return told
