"""`/api/v1/workspaces/NAME/promotion`: the pull request of a workspace."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from grove import promotions
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Page, Received, Shown, Words
from grove.api.workspaces import Name
from grove.forges import CheckState
from grove.promotions import PromotionState, WaitingPromotion, Wish

router = router_at("/api/v1/workspaces", tag="workspaces")
inbox = router_at("/api/v1/promotions", tag="governance")


class WishIn(Received):
    """What the pull request is to say; what is left out is decided by Grove."""

    title: str = Field(default="", max_length=200, description="Else the subject of the first commit.")
    body: str = Field(default="", max_length=60_000)
    target: str = Field(default="", max_length=1_024, description="The branch to go into; else the one it began at.")
    draft: bool = Field(default=True, description="Whether it is not yet to be merged.")
    accept_secrets: bool = Field(default=False, description="For those who may: what looks like secrets is none.")


class CheckOut(Shown):
    """What something that looks at commits says of the one that was pushed."""

    name: str
    state: CheckState
    url: str


class UnaskedOut(Shown):
    """An owner of what is changed who could not be asked for a review, and why."""

    name: str
    reason: str


class PromotionOut(Shown):
    """A workspace on its way into its repository."""

    workspace_id: UUID
    repository_id: UUID
    branch: str
    target: str
    title: str
    draft: bool
    waiting: str = Field(description="The commit that somebody has to approve, by promoting it; empty if none has to.")
    why: str = Field(description="Why somebody has to approve it.")
    refusal: str = Field(description="Why somebody has refused the last commit that waited.")
    pushed: str
    number: int | None
    url: str
    state: PromotionState
    reviewers: list[str]
    unasked: list[UnaskedOut]
    checks: list[CheckOut]
    updated_at: datetime


class WaitingOut(Shown):
    """Commits that wait for approval; `may_decide` is about you, and `why_not` says why if you may not."""

    workspace_id: UUID
    workspace: str
    owner: str
    repository: str
    branch: str
    target: str
    title: str
    body: str
    commit: str
    why: str = Field(description="Why somebody has to approve it.")
    asked_at: datetime
    may_decide: bool
    why_not: str

    @classmethod
    def of(cls, each: WaitingPromotion) -> Self:
        """As people see it."""
        promotion = each.promotion
        return cls(
            workspace_id=UUID(each.workspace.id),
            workspace=each.workspace.name,
            owner=each.owner,
            repository=each.repository.name,
            branch=promotion.branch,
            target=promotion.target,
            title=promotion.title,
            body=promotion.body,
            commit=promotion.waiting,
            why=promotion.why,
            asked_at=promotion.updated_at,
            may_decide=each.may_decide,
            why_not=each.why_not,
        )


class PromotionApprovalIn(Received):
    """Which commit may go to the forge: nobody approves what they have not seen."""

    commit: Line


class PromotionRefusalIn(PromotionApprovalIn):
    """Which commit may not, and why; its owner sees the reason."""

    reason: Words = Field(min_length=1)


@inbox.get("", openapi_extra=needs("workspace.list"))
def list_waiting_promotions(caller: CallerOf) -> Page[WaitingOut]:
    """The commits that wait until somebody approves them, the longest first; everybody's if you may see them."""
    with caller.reading() as tx:
        return Page(items=[WaitingOut.of(each) for each in promotions.list_waiting(tx, actor=caller.actor)])


@inbox.post("/{name}/approve", openapi_extra=needs("workspace.promote_unasked"))
def approve_promotion(name: Name, wanted: PromotionApprovalIn, caller: CallerOf) -> PromotionOut:
    """Push the commits that wait, and open their pull request as their owner wished."""
    with caller.edge.looks.one():
        approved = caller.grove.promotions.approve(caller.actor, name, commit=wanted.commit, now=caller.now)
    return PromotionOut.model_validate(approved)


@inbox.post("/{name}/reject", openapi_extra=needs("workspace.promote_unasked"))
def reject_promotion(name: Name, refusal: PromotionRefusalIn, caller: CallerOf) -> PromotionOut:
    """Refuse the commits that wait; they stay in their workspace."""
    with caller.writing() as tx:
        refused = promotions.refuse(
            tx, actor=caller.actor, name=name, commit=refusal.commit, reason=refusal.reason, now=caller.now
        )
    return PromotionOut.model_validate(refused)


@router.post("/{name}/promotion", openapi_extra=needs("workspace.promote"))
def promote_workspace(name: Name, wanted: WishIn, caller: CallerOf) -> PromotionOut:
    """Push the commits of a workspace to the forge, and open a pull request or bring the open one up to date."""
    wish = Wish(**wanted.model_dump())
    with caller.edge.looks.one():
        promoted = caller.grove.promotions.promote(caller.actor, name, wish=wish, now=caller.now)
    return PromotionOut.model_validate(promoted)


@router.get("/{name}/promotion", openapi_extra=needs("workspace.view"))
def get_promotion(name: Name, caller: CallerOf) -> PromotionOut:
    """How the pull request of a workspace is, asked of the forge: open, merged or closed, and its checks."""
    with caller.edge.looks.one():
        return PromotionOut.model_validate(caller.grove.promotions.get(caller.actor, name, now=caller.now))
