"""`/api/v1/workspaces/NAME/promotion`: the pull request of a workspace."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Received, Shown
from grove.api.workspaces import Name
from grove.forges import CheckState
from grove.promotions import PromotionState, Wish

router = router_at("/api/v1/workspaces", tag="workspaces")


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


class PromotionOut(Shown):
    """A workspace on its way into its repository."""

    workspace_id: UUID
    repository_id: UUID
    branch: str
    target: str
    title: str
    draft: bool
    waiting: str = Field(description="The commit that somebody has to approve, by promoting it; empty if none has to.")
    pushed: str
    number: int | None
    url: str
    state: PromotionState
    reviewers: list[str]
    checks: list[CheckOut]
    updated_at: datetime


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
