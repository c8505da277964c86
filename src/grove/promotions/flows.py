"""Where source goes: whether commits may go to their forge unasked, or private source could come there with them.

An agent does not tell what is in its mind. So what counts is what it may read, and what it has read before.
"""

from grove.forges import ForgeAccess, ForgeRemote, Openness, ask_standing
from grove.kit.errors import GroveError
from grove.kit.gate import Actor, Resource
from grove.kit.logging import logger
from grove.kit.transactions import Transaction
from grove.promotions import rows
from grove.repositories import Repository, list_kept, resource_of
from grove.usage import repositories_used
from grove.workspaces import Workspace

DISCLOSE = "workspace.disclose"
_READING = ("file.read", "search.run")
_log = logger(__name__)


def why_it_waits(
    tx: Transaction, *, actor: Actor, workspace: Workspace, repository: Repository, everybody_reads: bool | None
) -> str:
    """Why a person has to approve that a workspace's commits go to the forge; empty if none has to."""
    promoted = rows.resource_of(tx, workspace, actor=actor)
    unasked = tx.decision(actor, rows.UNASKED, promoted)
    if not unasked.allowed:
        return unasked.reason
    attributes = {
        **promoted.attributes,
        "repository": repository.name,
        "host": repository.host,
        "forge": repository.forge,
        "everybody_reads": everybody_reads,
        "reads_private": reads_private(tx, actor=actor, beside=repository.id),
    }
    where = Resource(kind="workspace", id=workspace.id, tenant_id=workspace.tenant_id, attributes=attributes)
    flow = tx.decision(actor, DISCLOSE, where)
    return "" if flow.allowed else flow.reason


def reads_private(tx: Transaction, *, actor: Actor, beside: str) -> bool:
    """Whether somebody may read, or has read, another repository that not everybody is known to be able to read."""
    kept = list_kept(tx, tenant_id=actor.tenant_id)
    private = [each for each in kept if each.everybody_reads is not True and each.id != beside]
    there = [resource_of(each) for each in private if each.is_served]
    if any(any(tx.allowed(actor, action, there)) for action in _READING):
        return True
    harmless = {beside, *(each.id for each in kept if each.everybody_reads)}
    return bool(repositories_used(tx, tenant_id=actor.tenant_id, principal_id=actor.id) - harmless)


def ask_everybody_reads(remote: ForgeRemote, *, access: ForgeAccess) -> bool | None:
    """Whether everybody can read a repository, as its forge says now; None when it does not."""
    try:
        standing = ask_standing(remote, access=access)
    except GroveError as error:
        _log.warning("promotion_openness_unknown", host=remote.host, code=error.code)
        return None
    return standing.openness is Openness.PUBLIC if standing is not None else None
