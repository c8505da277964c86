"""The inbox: commits that wait until somebody approves that they go to the forge."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from grove import accounts
from grove.kit.gate import Actor, Denied, Resource
from grove.kit.transactions import Transaction
from grove.promotions import flows, rows
from grove.promotions.errors import PromotionMoved, RefusalUnexplained
from grove.promotions.model import Promotion
from grove.repositories import Repository, RepositoryNotFound, get_repository
from grove.workspaces import Workspace, WorkspaceNotFound, list_workspaces, open_ones_of, open_workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPromotion:
    """Commits of a workspace that wait, whose it is, and whether whoever looks may decide; if not, why."""

    promotion: Promotion
    workspace: Workspace
    repository: Repository
    owner: str
    may_decide: bool
    why_not: str


def list_waiting(tx: Transaction, *, actor: Actor) -> list[WaitingPromotion]:
    """What waits, the longest first: of everybody for those who may see all, else of oneself and one's agents.

    :raises Denied: if `actor` may not see workspaces.
    """
    anybodys = Resource(kind="workspace", tenant_id=actor.tenant_id, attributes={"owner": None})
    everybody = tx.decision(actor, "workspace.view", anybodys).allowed
    seen = {each.id: each for each in list_workspaces(tx, actor=actor, ended=False, everybody=everybody)}
    agents = () if everybody else accounts.agents_of(tx, actor=actor)
    seen |= {each.id: each for each in open_ones_of(tx, tenant_id=actor.tenant_id, owners=agents)}
    waiting = rows.waiting_ones(tx, seen.values())
    names = accounts.names_of(tx, principal_ids={seen[each].owner_id for each in waiting})
    told = []
    for workspace_id, promotion in waiting.items():
        workspace = seen[workspace_id]
        with suppress(WorkspaceNotFound, RepositoryNotFound, Denied):
            if workspace.owner_id in agents:
                open_workspace(tx, actor=actor, name=workspace.id, changing=False)
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
            why_not = flows.why_it_waits(
                tx,
                actor=actor,
                workspace=workspace,
                repository=repository,
                everybody_reads=repository.everybody_reads,
            )
            told.append(
                WaitingPromotion(
                    promotion=promotion,
                    workspace=workspace,
                    repository=repository,
                    owner=names.get(workspace.owner_id, ""),
                    may_decide=not why_not,
                    why_not=why_not,
                )
            )
    return told


def refuse(tx: Transaction, *, actor: Actor, name: str, commit: str, reason: str, now: datetime) -> Promotion:
    """Refuse commits that wait: they stay in their workspace, and its owner sees why.

    :raises Denied: if `actor` may not promote the workspace unasked.
    :raises WorkspaceNotFound: if there is none.
    :raises PromotionNotWaiting: if no commit of it waits.
    :raises PromotionMoved: if another commit waits than `commit`.
    :raises RefusalUnexplained: if there is no reason.
    """
    if not reason.strip():
        raise RefusalUnexplained
    workspace = open_workspace(tx, actor=actor, name=name, changing=False)
    tx.require(actor, rows.UNASKED, rows.resource_of(tx, workspace, actor=actor))
    waiting = rows.waiting_one(tx, workspace)
    if waiting.waiting != commit:
        raise PromotionMoved(workspace=workspace.name, waiting=waiting.waiting, head=workspace.head)
    return rows.refuse(tx, workspace, waiting, actor=actor, reason=reason, now=now)
