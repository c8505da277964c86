"""What a promotion is to be when it begins: as wished now, or as its owner wished what waits. Pure."""

from dataclasses import replace
from datetime import datetime

from grove.forges import PullDraft
from grove.kit.gate import Actor
from grove.promotions.errors import PromotionMoved
from grove.promotions.model import Promotion, PromotionState, Wish
from grove.workspaces import Workspace


def completed(wish: Wish, workspace: Workspace, before: Promotion | None, *, actor: Actor, approved: str = "") -> Wish:
    """What is wished, and where somebody else approves it what its owner has wished.

    :raises PromotionMoved: if other commits wait than those that the workspace has.
    """
    waiting = before.waiting if before else ""
    if approved and not approved == waiting == workspace.head:
        raise PromotionMoved(workspace=workspace.name, waiting=waiting, head=workspace.head)
    if before is not None and before.state is PromotionState.OPEN:
        wish = replace(wish, target=wish.target or before.target)
    if before is None or not before.waiting or actor.id == workspace.owner_id:
        return wish
    if before.waiting != workspace.head:
        raise PromotionMoved(workspace=workspace.name, waiting=before.waiting, head=workspace.head)
    return replace(
        wish,
        title=wish.title or before.title,
        body=wish.body or before.body,
        target=wish.target or before.target,
        draft=wish.draft and before.draft,
    )


def begun(workspace: Workspace, draft: PullDraft, before: Promotion | None, *, why: str, now: datetime) -> Promotion:
    """The promotion that is written down before anything is pushed; `why` it waits, if it does."""
    kept = before.title if before is not None and before.state is PromotionState.OPEN else ""
    return Promotion(
        workspace_id=workspace.id,
        tenant_id=workspace.tenant_id,
        repository_id=workspace.repository_id,
        branch=draft.branch,
        target=draft.target,
        title=draft.title or kept or draft.default_title,
        body=draft.body,
        draft=draft.draft,
        waiting=workspace.head if why else "",
        why=why,
        refusal="",
        pushed="",
        number=None,
        url="",
        state=PromotionState.PUSHING,
        reviewers=(),
        unasked=(),
        checks=(),
        updated_at=now,
    )
