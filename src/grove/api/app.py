"""The app: every router, the guard around them, and what else is to be served beside them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from grove import __version__
from grove.api import (
    accounts,
    audit,
    checkouts,
    code,
    commands,
    contexts,
    credentials,
    decisions,
    devices,
    exports,
    files,
    followings,
    forge_accounts,
    freshness,
    git,
    grants,
    health,
    history,
    hooks,
    index,
    jobs,
    login,
    moving,
    navigation,
    owners,
    pages,
    policies,
    preparations,
    promotions,
    provider,
    pulls,
    quotas,
    registry,
    repos,
    repositories,
    requests,
    retention,
    sandboxes,
    scip,
    search,
    sessions,
    setup,
    signing_in,
    tracing,
    usage,
    workspace_branches,
    workspace_changes,
    workspaces,
)
from grove.api.description import DescribedApp
from grove.api.edge import Edge
from grove.api.guard import Guard
from grove.api.hosts import Hosts
from grove.api.intake import Intake
from grove.api.metrics import Metrics
from grove.api.problems import tell_problems
from grove.wiring import Grove

ROUTERS: Final[tuple[APIRouter, ...]] = (
    repositories.router,
    freshness.router,
    history.router,
    hooks.router,
    hooks.deliveries,
    hooks.older,
    files.router,
    tracing.router,
    owners.router,
    search.router,
    contexts.router,
    exports.router,
    navigation.router,
    navigation.outlines,
    navigation.drafts,
    scip.router,
    index.router,
    workspaces.router,
    workspace_branches.router,
    workspace_changes.router,
    checkouts.router,
    commands.router,
    preparations.router,
    promotions.router,
    promotions.inbox,
    pulls.router,
    git.router,
    jobs.router,
    accounts.router,
    forge_accounts.router,
    grants.router,
    moving.router,
    login.router,
    sessions.router,
    signing_in.router,
    provider.router,
    devices.router,
    devices.pages,
    audit.router,
    decisions.router,
    usage.router,
    requests.router,
    followings.router,
    followings.opal,
    policies.router,
    retention.router,
    quotas.router,
    credentials.router,
    code.router,
    sandboxes.router,  # before the registry, whose names of repositories hold any path
    registry.router,
    repos.router,
    setup.router,
    health.router,
    pages.router,
)
"""Every route; each names what it needs in `openapi_extra["x-permission"]`."""

Lifespan = Callable[[], AbstractAsyncContextManager[Any]]


def create_app(
    grove: Grove,
    *,
    mounts: Sequence[tuple[str, ASGIApp]] = (),
    lifespans: Sequence[Lifespan] = (),
    workers_alive: Callable[[], bool] = lambda: True,
) -> FastAPI:
    """Make the app. `mounts` are other apps, each with the path at and below which it answers, which it sees whole;
    `lifespans` are entered when the app starts; `workers_alive` tells whether somebody does jobs.
    """
    intake = Intake(grove.database, grove.keyring)
    edge = Edge(grove=grove, metrics=Metrics(grove), workers_alive=workers_alive, intake=intake)
    app = DescribedApp(
        title="Grove",
        version=__version__,
        description="Git repositories, mirrored and searchable at any commit.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Nothing is told to collectors of traces, whatever the framework finds in the environment.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        lifespan=_lifespan(edge, lifespans),
    )
    app.state.edge = edge
    tell_problems(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.router.routes.extend(_Beside(path, mounted) for path, mounted in mounts)
    app.add_middleware(Guard, hosts=Hosts.of(grove.settings), metrics=edge.metrics)
    if grove.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(each) for each in grove.settings.trusted_proxies])
    return app


def _lifespan(edge: Edge, lifespans: Sequence[Lifespan]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for lifespan in lifespans:
                await stack.enter_async_context(lifespan())
            edge.is_started = True
            yield
            edge.is_started = False
            edge.intake.close()

    return run


class _Beside(BaseRoute):
    """Another app at and below a path; it gets requests as they came."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        self.path = path
        self._below = path.rstrip("/") + "/"
        self._app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take what is at or below the path."""
        asked = scope["path"]
        if scope["type"] == "http" and (asked == self.path or asked.startswith(self._below)):
            return Match.FULL, {"route": self}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request over."""
        await self._app(scope, receive, send)
