"""`/api/v1/contexts`: named sets of repositories, for `context:NAME` in a query."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from grove import search
from grove.api.caller import CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Page, Received, Shown, Words

router = router_at("/api/v1/contexts", tag="search")

Name = Annotated[str, Path(max_length=100, description="The context's name.")]


class ContextIn(Received):
    """What a context is made of."""

    entries: list[Words] = Field(
        max_length=search.ENTRIES_MAX,
        description="Queries of `repo:` and `rev:`; each adds repositories, at its revisions.",
        examples=[["repo:acme/", "repo:=web rev:v2.*"]],
    )
    description: str = Field(default="", max_length=500)


class ContextOut(Shown):
    """A named set of repositories."""

    name: str
    entries: list[str]
    description: str
    changed_by: UUID
    changed_at: datetime


@router.get("", openapi_extra=needs("context.list"))
def list_contexts(caller: CallerOf) -> Page[ContextOut]:
    """Every context, by name."""
    with caller.reading() as tx:
        found = search.list_contexts(tx, actor=caller.actor)
    return Page(items=[ContextOut.model_validate(context) for context in found])


@router.get("/{name}", openapi_extra=needs("context.list"))
def get_context(name: Name, caller: CallerOf) -> ContextOut:
    """A context."""
    with caller.reading() as tx:
        return ContextOut.model_validate(search.get_context(tx, actor=caller.actor, name=name))


@router.put("/{name}", openapi_extra=needs("context.set"))
def set_context(name: Name, wanted: ContextIn, caller: CallerOf) -> ContextOut:
    """Give a name to a set of repositories; what had the name before is replaced."""
    with caller.writing() as tx:
        changed = search.set_context(
            tx,
            actor=caller.actor,
            name=name,
            entries=wanted.entries,
            description=wanted.description,
            now=caller.now,
        )
    return ContextOut.model_validate(changed)


@router.delete("/{name}", openapi_extra=needs("context.remove"))
def remove_context(name: Name, caller: CallerOf) -> ContextOut:
    """Forget a context; its repositories stay."""
    with caller.writing() as tx:
        return ContextOut.model_validate(search.remove_context(tx, actor=caller.actor, name=name, now=caller.now))
