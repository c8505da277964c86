"""`/api/v1/forge-accounts`: whose accounts at forges are whose."""

from datetime import datetime
from uuid import UUID

from grove import grants
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Line, Page, Received, Shown

router = router_at("/api/v1/forge-accounts", tag="accounts")


class ForgeAccountOut(Shown):
    """An account at a forge, and the user, agent or service whose it is."""

    id: UUID
    principal_id: UUID
    host: str
    login: str
    created_by: UUID
    created_at: datetime


class ForgeAccountIn(Received):
    """Whose an account is; at bitbucket.org its login is the account's id."""

    user: Line
    host: Line
    login: Line


@router.get("", openapi_extra=needs("user.list"))
def list_forge_accounts(caller: CallerOf) -> Page[ForgeAccountOut]:
    """The accounts at forges that are known, and whose they are."""
    with caller.reading() as tx:
        found = grants.list_accounts(tx, actor=caller.actor)
    return Page(items=[ForgeAccountOut.model_validate(account) for account in found])


@router.post("", status_code=201, openapi_extra=needs("user.link"))
def link_forge_account(wanted: ForgeAccountIn, caller: CallerOf) -> ForgeAccountOut:
    """Say whose an account is, by id or name; what it may read at its forge is asked at once."""
    with caller.writing() as tx:
        linked = grants.link_account(
            tx, actor=caller.actor, principal=wanted.user, host=wanted.host, login=wanted.login, now=caller.now
        )
    return ForgeAccountOut.model_validate(linked)


@router.delete("/{account_id}", openapi_extra=needs("user.link"))
def unlink_forge_account(account_id: UUID, caller: CallerOf) -> ForgeAccountOut:
    """Forget whose an account is; what was seen only by it is seen no more."""
    with caller.writing() as tx:
        unlinked = grants.unlink_account(tx, actor=caller.actor, account_id=str(account_id), now=caller.now)
    return ForgeAccountOut.model_validate(unlinked)
