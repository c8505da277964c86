"""`/api/v1/workspaces/NAME/checkout`: the files of a workspace in a folder on the server's disk."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import Field

from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Shown
from grove.api.workspaces import Name, WorkspaceOut
from grove.checkouts import CheckoutMethod, PlacedCheckout, SetUpState

router = router_at("/api/v1/workspaces/{name}", tag="workspaces")


class SetUpOut(Shown):
    """How the preparation of the folder went: `log` is the end of what its command said."""

    state: SetUpState
    reason: str = Field(description="Why it failed.")
    log: str
    seconds: float
    brought: list[str] = Field(description="Files that were brought along; they are never taken into the workspace.")
    not_brought: dict[str, str]


class CheckoutOut(Shown):
    """Where the files are, and how they came there; `left_out` tells which are not there, and why.

    It is warm when it lay ready before it was wanted.
    """

    workspace_id: UUID
    path: str
    method: CheckoutMethod
    tree: str
    files: int
    size_bytes: int
    seconds: float
    made_at: datetime
    is_warm: bool
    left_out: dict[str, str]
    set_up: SetUpOut
    sparse: list[str] = Field(description="The only folders whose files are there; all are, if none is named.")

    @classmethod
    def of(cls, placed: PlacedCheckout) -> "CheckoutOut":
        """As people see it."""
        checkout = placed.checkout
        return cls(
            workspace_id=UUID(checkout.workspace_id),
            path=str(placed.path),
            method=checkout.method,
            tree=checkout.tree,
            files=checkout.files,
            size_bytes=checkout.size_bytes,
            seconds=checkout.seconds,
            made_at=checkout.made_at,
            is_warm=placed.is_warm,
            left_out=placed.left_out,
            set_up=SetUpOut.model_validate(placed.set_up),
            sparse=list(placed.sparse),
        )


class CollectedOut(Shown):
    """The workspace as it is now, how many files came from each side, and what of the folder was not taken, and why."""

    workspace: WorkspaceOut
    from_folder: int
    into_folder: int
    left_out: dict[str, str]
    commits: bool = Field(description="Whether commits were taken.")
    commits_problem: str = Field(description="Why commits that there are were not taken.")


@router.post("/checkout", status_code=201, openapi_extra=needs("workspace.change"))
def check_out(
    name: Name,
    caller: CallerOf,
    *,
    again: bool = False,
    sparse: Annotated[list[str], Query(max_length=1_000, description="Lay out, or add, only these folders.")] = [],  # noqa: B006
) -> CheckoutOut:
    """Lay the files of a workspace out in a folder of the server's machine; the folder that there is, if there is.

    A new folder is prepared as the repository is set; with `again`, one that there is too.
    """
    placed = caller.grove.checkouts.checkout(caller.actor, name, now=caller.now, again=again, sparse=sparse)
    return CheckoutOut.of(placed)


@router.get("/checkout", openapi_extra=needs("workspace.view"))
def get_checkout(name: Name, caller: CallerOf) -> CheckoutOut:
    """Where the files of a workspace are."""
    return CheckoutOut.of(caller.grove.checkouts.find(caller.actor, name))


@router.post("/collect", openapi_extra=needs("workspace.change"))
def collect(name: Name, caller: CallerOf) -> CollectedOut:
    """Bring the folder and the workspace together: what was changed in either since is then in both, or nothing is."""
    return CollectedOut.model_validate(caller.grove.checkouts.collect(caller.actor, name, now=caller.now))


@router.delete("/checkout", openapi_extra=needs("workspace.change"))
def remove_checkout(name: Name, caller: CallerOf) -> CheckoutOut:
    """Take the folder away, with all that was changed in it."""
    return CheckoutOut.of(caller.grove.checkouts.remove(caller.actor, name, now=caller.now))
