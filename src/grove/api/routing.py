"""What every route has: a permission that it needs, and a body that says one thing only."""

import json
from collections.abc import Callable, Coroutine
from operator import attrgetter
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Match
from starlette.types import Scope

from grove.api.errors import BodyMalformed
from grove.api.problems import Problem
from grove.api.repeats import HEADER, answered_once
from grove.policies import RULES

PUBLIC: Final = "public"


def router_at(
    prefix: str = "", *, tag: str, problem: type[BaseModel] = Problem, route_class: type[APIRoute] | None = None
) -> APIRouter:
    """Make the router of one capability; `problem` is how its routes tell a failure."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=route_class or StrictRoute,
        generate_unique_id_function=attrgetter("name"),
        responses={"default": {"model": problem, "description": "A failure"}},
    )


def needs(permission: str) -> dict[str, Any]:
    """Declare what a route needs: an action of the policy's rules, or `public`. The operation below checks it."""
    if permission != PUBLIC and permission not in RULES:
        raise KeyError(permission)
    return {"x-permission": permission}


class StrictRoute(APIRoute):
    """A route that refuses JSON with a name that stands twice, or with NaN or Infinity, and does no POST twice."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **named: Any) -> None:
        extra = named.get("openapi_extra") or {}
        is_post = path.startswith("/api/") and "POST" in (named.get("methods") or ())
        if is_post and extra.get("x-permission") not in {None, PUBLIC}:
            named["openapi_extra"] = {**extra, "parameters": [HEADER]}
        super().__init__(path, endpoint, **named)
        self._stem = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is meant; the pattern is tried only where the path begins as it does, for most do not."""
        return super().matches(scope) if scope["path"].startswith(self._stem) else (Match.NONE, {})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the body more strictly than the framework does."""
        answer = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await answered_once(_StrictRequest(request.scope, request.receive), answer)

        return strictly


class _StrictRequest(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), object_pairs_hook=_unique, parse_constant=_refuse)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BodyMalformed
    return found


def _refuse(_constant: str) -> Any:
    raise BodyMalformed
