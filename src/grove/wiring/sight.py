"""What the things are that jobs are about, so that policy can say who may know of them."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.orm import Session

from grove import exports, repositories
from grove.kit.gate import Resource


def things(session: Session, tenant_id: str, ids: Collection[str]) -> Mapping[str, Sequence[Resource]]:
    """The things of a tenant that have some ids, by the action that lets people know of them."""
    return {
        "repository.view": repositories.resources_among(session, tenant_id=tenant_id, ids=ids),
        "export.view": exports.resources_among(session, tenant_id=tenant_id, ids=ids),
    }
