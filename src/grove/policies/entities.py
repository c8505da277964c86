"""Actors and resources as Cedar's entities and requests."""

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

import cedarpy

from grove.accounts import Role
from grove.kit.gate import Actor, Resource
from grove.policies.schema import NAMESPACE, resource_type, schema, type_of

UNNAMED: Final = "*"
"""The id of a thing that is not there yet, or that no policy names."""
_OF_ALL: Final = frozenset({"name", "owner", "owner_acts_for"})
_OF_PLAIN: Final = _OF_ALL | {"role", "scopes"}
_OF_WORKSPACES: Final = _OF_ALL | {"everybody_reads", "forge", "host", "reads_private", "repository"}
_OF_REPOSITORIES: Final = _OF_ALL | {
    "approval",
    "archived",
    "everybody_reads",
    "fork",
    "forge",
    "forge_reads",
    "host",
    "lifecycle",
    "owners",
    "requester",
    "size_bytes",
    "visibility",
}
_KNOWN: Final = {"repository": _OF_REPOSITORIES, "workspace": _OF_WORKSPACES}
ATTRIBUTES: Final = _OF_PLAIN | _OF_REPOSITORIES | _OF_WORKSPACES


def uid(type_name: str, entity_id: str) -> dict[str, str]:
    """An entity's type and id."""
    return {"type": f"{NAMESPACE}::{type_name}", "id": entity_id}


@cache
def base_entities() -> cedarpy.Entities:
    """The roles, each of which is also every role before it, and the actions in their groups."""
    roles = list(Role)
    entities = [
        {"uid": uid("Role", role), "attrs": {}, "parents": [uid("Role", lesser) for lesser in roles[:place][-1:]]}
        for place, role in enumerate(roles)
    ]
    return cedarpy.Entities.from_json_str(json.dumps(entities), schema())


def request_of(
    principal: Actor, *, chain: Sequence[Actor], action: str, resource: Resource, large_bytes: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The request, and the entity of the one who is looked at among those in the chain of the actor."""
    own = uid(type_of(principal.kind), principal.id)
    attributes = {"id": principal.id, "name": principal.name, "role": principal.role, "tenant": principal.tenant_id}
    request = {
        "principal": own,
        "action": uid("Action", action),
        "resource": uid(resource_type(resource.kind), resource.id or UNNAMED),
        "context": {
            "scopes": sorted(principal.scopes),
            "source": str(principal.source),
            "actor": chain[0].id,
            "delegation": len(chain) - 1,
            "large_bytes": large_bytes,
        },
    }
    return request, [{"uid": own, "attrs": attributes, "parents": [uid("Role", principal.role)]}]


def resource_entity(resource: Resource) -> dict[str, Any]:
    """A resource with what is known of it."""
    known = _KNOWN.get(resource.kind, _OF_PLAIN)
    attributes = {
        name: sorted(value) if isinstance(value, Collection) and not isinstance(value, str) else value
        for name, value in resource.attributes.items()
        if name in known and value is not None
    }
    project = resource.attributes.get("project") if resource.kind == "repository" else None
    return {
        "uid": uid(resource_type(resource.kind), resource.id or UNNAMED),
        "attrs": {**attributes, "tenant": resource.tenant_id},
        "parents": [uid("Project", project)] if isinstance(project, str) else [],
    }
