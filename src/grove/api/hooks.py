"""`/api/v1/hooks`: the webhooks of forges; and `/api/v1/webhooks`, where forges deliver."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import Field

from grove import freshness
from grove.api.caller import Caller, CallerOf
from grove.api.edge import EdgeOf
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Address, Page, Received, Shown
from grove.freshness import Hook, Outcome, Provider

DELIVERIES_PREFIX: Final = "/api/v1/webhooks"

router = router_at("/api/v1/hooks", tag="hooks")


class HookIn(Received):
    """A webhook that is to be made."""

    provider: Provider
    covers: Address = Field(examples=["https://github.com/acme"])


class HookOut(Shown):
    """A webhook: `url` is where the forge is to deliver."""

    id: UUID
    provider: Provider
    covers: str
    url: str
    created_by: UUID
    created_at: datetime


class NewHookOut(HookOut):
    """A new webhook, with the secret to give to the forge; it is shown this once."""

    secret: str


class DeliveryOut(Shown):
    """A signed delivery, and what came of it."""

    id: UUID
    delivery: str
    event: str
    outcome: Outcome
    reason: str
    received_at: datetime


@router.post("", status_code=201, openapi_extra=needs("hook.create"))
def create_hook(wanted: HookIn, caller: CallerOf, request: Request) -> NewHookOut:
    """Make a webhook that speaks for an address and all below it."""
    with caller.writing() as tx:
        made = freshness.create_hook(
            tx,
            actor=caller.actor,
            keyring=caller.grove.keyring,
            provider=wanted.provider,
            covers=wanted.covers,
            now=caller.now,
        )
    return NewHookOut(**_fields(made.hook, caller, request), secret=made.secret)


@router.get("", openapi_extra=needs("hook.list"))
def list_hooks(caller: CallerOf, request: Request) -> Page[HookOut]:
    """Every webhook, by what it covers."""
    with caller.reading() as tx:
        found = freshness.list_hooks(tx, actor=caller.actor)
    return Page(items=[HookOut(**_fields(hook, caller, request)) for hook in found])


@router.delete("/{hook_id}", openapi_extra=needs("hook.remove"))
def remove_hook(hook_id: UUID, caller: CallerOf, request: Request) -> HookOut:
    """Forget a webhook, its secret and its deliveries."""
    with caller.writing() as tx:
        removed = freshness.remove_hook(tx, actor=caller.actor, hook_id=str(hook_id), now=caller.now)
    return HookOut(**_fields(removed, caller, request))


@router.get("/{hook_id}/deliveries", openapi_extra=needs("hook.list"))
def list_deliveries(
    hook_id: UUID, caller: CallerOf, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[DeliveryOut]:
    """What a webhook has brought and what came of it, newest first."""
    with caller.reading() as tx:
        found = freshness.list_deliveries(tx, actor=caller.actor, hook_id=str(hook_id), limit=limit)
    return Page(items=[DeliveryOut.model_validate(delivery) for delivery in found])


class DeliveryRoute(APIRoute):
    """Described like any other route, but answered without the framework's dependencies and checks: they would cost
    more than the delivery, of which only the path, the headers and the bytes are used.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Answer deliveries; an address that cannot be one is left to the framework, which says what is wrong."""
        checked = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                provider, hook_id = Provider(request.path_params["provider"]), UUID(request.path_params["hook_id"])
            except ValueError:
                return await checked(request)
            told = await deliver(provider, hook_id, request, request.app.state.edge)
            return Response(told.model_dump_json(), status_code=202, media_type="application/json")

        return answer


deliveries = router_at(DELIVERIES_PREFIX, tag="hooks", route_class=DeliveryRoute)


@deliveries.post("/{provider}/{hook_id}", status_code=202, openapi_extra=needs(PUBLIC))
async def deliver(provider: Provider, hook_id: UUID, request: Request, edge: EdgeOf) -> DeliveryOut:
    """Take a delivery of a forge, signed with the hook's secret. Nothing is done here but to write it down and to
    queue the syncs that it asks for.
    """
    with edge.room_for_delivery(request.headers.get("content-length")):
        body = await request.body()
        received = freshness.Received(headers=_headers(request), body=body)
        return DeliveryOut.model_validate(await edge.intake.take(provider, str(hook_id), received))


older = router_at("/api/v1/codesearch/webhook", tag="hooks")


@older.post("/{provider}", status_code=202, openapi_extra=needs(PUBLIC))
async def deliver_unnamed(provider: Provider, request: Request, edge: EdgeOf) -> DeliveryOut:
    """Take a delivery at the address of an older interface, which names no hook: its signature tells which one.

    It has 1 MB at most, and with many hooks the one must cover the repository that it names; the address that the hook
    was made with has neither bound.
    """
    received = freshness.Received(headers=_headers(request), body=await request.body())
    hook_id = await run_in_threadpool(edge.intake.hook_of, provider, received)
    return DeliveryOut.model_validate(await edge.intake.take(provider, hook_id, received))


def _headers(request: Request) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}


def _fields(hook: Hook, caller: Caller, request: Request) -> dict[str, Any]:
    base = (caller.grove.settings.base_url or str(request.base_url)).rstrip("/")
    return {
        "id": hook.id,
        "provider": hook.provider,
        "covers": hook.covers,
        "url": f"{base}{DELIVERIES_PREFIX}/{hook.provider}/{hook.id}",
        "created_by": hook.created_by,
        "created_at": hook.created_at,
    }
