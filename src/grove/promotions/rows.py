"""Finding and changing the rows of promotions."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from grove import activity
from grove.accounts import ownership
from grove.forges import Check, Invitation, Pull
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.promotions.errors import PromotionNotFound, PromotionNotWaiting
from grove.promotions.model import Promotion, PromotionState, branch_of
from grove.promotions.tables import PromotionRow
from grove.workspaces import Workspace

PROMOTE = "workspace.promote"
GUARDED = "workspace.promote_guarded"
UNASKED = "workspace.promote_unasked"


def resource_of(tx: Transaction, workspace: Workspace, *, actor: Actor) -> Resource:
    """What a promotion is done to; of an agent's workspace it is also known whom the agent acts for."""
    return Resource(
        kind="workspace",
        id=workspace.id,
        tenant_id=workspace.tenant_id,
        attributes=ownership(tx, actor=actor, owner_id=workspace.owner_id),
    )


def find(tx: Transaction, workspace: Workspace) -> Promotion | None:
    """The promotion of a workspace's current branch, if there is one."""
    row = tx.session.get(PromotionRow, (workspace.id, branch_of(workspace)))
    return row.value() if row else None


def get(tx: Transaction, workspace: Workspace) -> Promotion:
    """The promotion of a workspace's current branch.

    :raises PromotionNotFound: if it has none.
    """
    found = find(tx, workspace)
    if found is None:
        raise PromotionNotFound(workspace=workspace.name, branch=workspace.branch)
    return found


def has_open(tx: Transaction, *, repository_id: str) -> bool:
    """Whether a pull request of the repository is waited for."""
    return bool(open_ones(tx, repository_id=repository_id))


def open_ones(tx: Transaction, *, repository_id: str) -> list[Promotion]:
    """The promotions of a repository whose pull requests are open, or may be: they were being opened."""
    is_open = PromotionRow.state == PromotionState.OPEN
    is_begun = (PromotionRow.state == PromotionState.PUSHING) & (PromotionRow.waiting == "")
    chosen = select(PromotionRow).where(PromotionRow.repository_id == repository_id, is_open | is_begun)
    return [row.value() for row in tx.session.scalars(chosen.order_by(PromotionRow.workspace_id, PromotionRow.branch))]


def repositories_pushing(tx: Transaction, *, tenant_id: str, until: datetime) -> list[str]:
    """The repositories of which promotions were begun until then, and neither ended nor wait for anybody."""
    is_begun = (PromotionRow.state == PromotionState.PUSHING) & (PromotionRow.waiting == "")
    mine = (PromotionRow.tenant_id == tenant_id) & (PromotionRow.updated_at <= until)
    return list(tx.session.scalars(select(PromotionRow.repository_id).where(mine, is_begun).distinct()))


def begin(tx: Transaction, workspace: Workspace, promotion: Promotion, *, actor: Actor) -> None:
    """Write down that a workspace is about to be pushed to the forge, or waits for somebody who approves that."""
    row = tx.session.get(PromotionRow, (workspace.id, promotion.branch))
    if row is None:
        row = PromotionRow(
            workspace_id=workspace.id,
            tenant_id=workspace.tenant_id,
            repository_id=workspace.repository_id,
            branch=promotion.branch,
            pushed="",
            number=None,
            url="",
            state=PromotionState.PUSHING,
            reviewers=[],
            unasked=[],
            checks=[],
        )
        tx.session.add(row)
    if not promotion.waiting and row.state != PromotionState.OPEN:
        row.state = PromotionState.PUSHING
    row.target, row.title, row.body, row.draft = promotion.target, promotion.title, promotion.body, promotion.draft
    row.waiting, row.why, row.refusal = promotion.waiting, promotion.why, ""
    row.updated_at = promotion.updated_at
    facts = {"branch": promotion.branch, "target": promotion.target, "head": workspace.head}
    if promotion.why:
        facts["reason"] = promotion.why
    action = "workspace.ask_to_promote" if promotion.waiting else PROMOTE
    _record(tx, action, workspace.id, actor=actor, now=promotion.updated_at, **facts)


def settle(
    tx: Transaction,
    *,
    workspace_id: str,
    branch: str,
    pull: Pull,
    checks: Sequence[Check],
    invitation: Invitation | None,
    actor: Actor,
    now: datetime,
) -> Promotion:
    """Write down how the pull request is; that it was opened, merged or closed goes to the audit trail."""
    row = tx.session.get_one(PromotionRow, (workspace_id, branch))
    if row.state != pull.state:
        facts = {"number": pull.number, "url": pull.url, "state": pull.state}
        _record(tx, "workspace.pull_request", workspace_id, actor=actor, now=now, **facts)
    row.number, row.url, row.state, row.draft = pull.number, pull.url, pull.state, pull.draft
    row.target = pull.target
    # Bitbucket tells commits by few digits.
    row.pushed, row.updated_at = row.pushed if row.pushed.startswith(pull.head) else pull.head, now
    row.checks = [{"name": check.name, "state": check.state, "url": check.url} for check in checks]
    if invitation is not None:
        row.reviewers = list(invitation.asked)
        row.unasked = [{"name": each.name, "reason": each.reason} for each in invitation.unasked]
    tx.session.flush()
    return row.value()


def waiting_one(tx: Transaction, workspace: Workspace) -> Promotion:
    """The promotion of a workspace's current branch, whose commits wait for approval.

    :raises PromotionNotWaiting: if none do.
    """
    found = find(tx, workspace)
    if found is None or not found.waiting:
        raise PromotionNotWaiting(workspace=workspace.name, branch=workspace.branch)
    return found


def waiting_ones(tx: Transaction, workspaces: Collection[Workspace]) -> dict[str, Promotion]:
    """The promotions of these workspaces' current branches whose commits wait for approval, by workspace."""
    branches = {workspace.id: branch_of(workspace) for workspace in workspaces}
    chosen = select(PromotionRow).where(PromotionRow.waiting != "").order_by(PromotionRow.updated_at)
    rows = [row for row in tx.session.scalars(chosen) if branches.get(row.workspace_id) == row.branch]
    return {row.workspace_id: row.value() for row in rows}


def refuse(
    tx: Transaction, workspace: Workspace, waiting: Promotion, *, actor: Actor, reason: str, now: datetime
) -> Promotion:
    """Write down that somebody has refused the commits that wait."""
    row = tx.session.get_one(PromotionRow, (workspace.id, waiting.branch))
    row.waiting, row.refusal, row.updated_at = "", reason, now
    facts = {"branch": waiting.branch, "head": waiting.waiting, "reason": reason}
    _record(tx, "workspace.refuse_promotion", workspace.id, actor=actor, now=now, **facts)
    return row.value()


def note_pushed(tx: Transaction, *, workspace_id: str, branch: str, commit: str) -> None:
    """Write down what the forge has now."""
    tx.session.get_one(PromotionRow, (workspace_id, branch)).pushed = commit


def note_stopped(tx: Transaction, *, workspace_id: str, branch: str) -> None:
    """Write down that no pull request came of it; an open one is still open."""
    row = tx.session.get_one(PromotionRow, (workspace_id, branch))
    if row.state == PromotionState.PUSHING:
        row.state = PromotionState.STOPPED


def _record(tx: Transaction, action: str, target_id: str, *, actor: Actor, now: datetime, **facts: object) -> None:
    activity.record(tx, actor=actor, action=action, target_kind="workspace", target_id=target_id, now=now, **facts)
