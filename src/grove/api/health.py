"""Probes and measures for whoever operates the server.

`/livez` depends on nothing, so that nobody restarts a server because its database or a git host is away. `/readyz`
says whether requests can be answered now: what fails takes the server out of service, what warns does not.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import text

from grove import accounts, migrations
from grove.api.caller import TokenShown, caller_of
from grove.api.edge import Edge, EdgeOf
from grove.api.errors import MeasuresOfOthers
from grove.api.metrics import CONTENT_TYPE
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Shown
from grove.kit.errors import GroveError
from grove.kit.gate import Resource
from grove.kit.tenancy import serving, serving_all

MEGABYTE: Final = 1024 * 1024
ALL: Final = frozenset({"database", "migrations", "disk", "workers"})
UNAVAILABLE: Final = 503
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip")

router = router_at(tag="health")


class Part(StrEnum):
    """What older interfaces ask about; a report is what an export has written."""

    REGISTRY = "registry"
    SANDBOXES = "sandboxes"
    REPORTS = "reports"


_RELIES_ON: Final = {
    Part.REGISTRY: frozenset({"database", "migrations", "workers"}),
    Part.SANDBOXES: frozenset({"database", "migrations", "disk"}),
    Part.REPORTS: ALL,
}


class HealthResponse(JSONResponse):
    """A state of health, as the draft for `application/health+json` has it."""

    media_type = "application/health+json"


class Health(StrEnum):
    """How a part is."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"


class CheckOut(Shown):
    """One look at a part."""

    status: Health
    time: datetime
    output: str


class HealthOut(Shown):
    """How the server is: as its worst part."""

    status: Health
    checks: dict[str, list[CheckOut]] | None = None


@router.get("/livez", response_model_exclude_none=True, openapi_extra=needs(PUBLIC))
async def is_alive() -> HealthOut:
    """Whether the process answers at all."""
    return HealthOut(status=Health.PASS)


@router.get("/startupz", response_model=HealthOut, response_class=HealthResponse, openapi_extra=needs(PUBLIC))
def is_started(edge: EdgeOf) -> HealthResponse:
    """Whether the start is over and the database has its schema."""
    started = edge.is_started and _has_schema(edge)
    return _response(HealthOut(status=Health.PASS if started else Health.FAIL))


@router.get("/readyz", response_model=HealthOut, response_class=HealthResponse, openapi_extra=needs(PUBLIC))
def is_ready(edge: EdgeOf, verbose: Annotated[str | None, Query(max_length=10)] = None) -> HealthResponse:
    """Whether requests can be answered now; `verbose` tells how each part is."""
    return _health(edge, relies_on=ALL, is_verbose=verbose is not None)


@router.get("/health/{part}", response_model=HealthOut, response_class=HealthResponse, openapi_extra=needs(PUBLIC))
def show_health(part: Part, edge: EdgeOf) -> HealthResponse:
    """How that is on which a part relies: 503 when something of it fails, and 200 when it only warns."""
    return _health(edge, relies_on=_RELIES_ON[part], is_verbose=True)


@router.get("/metrics", response_class=Response, openapi_extra=needs("account.view"))
def show_metrics(request: Request, edge: EdgeOf, shown: TokenShown = None) -> Response:
    """All measures, for Prometheus; from this machine itself without a token.

    :raises MeasuresOfOthers: if a token asks, and there are several tenants: what is measured is the whole server.
    """
    if not _is_local(request):
        actor = caller_of(request, edge, shown).actor
        resource = Resource(kind="account", id=actor.id, tenant_id=actor.tenant_id)
        with serving(actor.tenant_id), edge.grove.database.reading() as tx:
            tx.require(actor, "account.view", resource)
            if not accounts.is_only_tenant(tx):
                raise MeasuresOfOthers
    return Response(edge.metrics.exposition(), media_type=CONTENT_TYPE)


def _is_local(request: Request) -> bool:
    """Whether the request comes from this machine, and not through a proxy on it."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _health(edge: Edge, *, relies_on: frozenset[str], is_verbose: bool) -> HealthResponse:
    looks = [(name, status, told) for name, status, told in _looks(edge) if name in relies_on]
    found = {status for _, status, _ in looks}
    worst = next(status for status in (Health.FAIL, Health.WARN, Health.PASS) if status in found)
    now = datetime.now(UTC)
    checks = {name: [CheckOut(status=status, time=now, output=told)] for name, status, told in looks}
    return _response(HealthOut(status=worst, checks=checks if is_verbose else None))


def _response(health: HealthOut) -> HealthResponse:
    content = health.model_dump(mode="json", exclude_none=True)
    status_code = UNAVAILABLE if health.status is Health.FAIL else 200
    return HealthResponse(content, status_code=status_code)


def _looks(edge: Edge) -> Iterator[tuple[str, Health, str]]:
    database = _look_at_database(edge)
    yield "database", *database
    if database[0] is Health.PASS:
        current = _has_schema(edge)
        yield "migrations", *((Health.PASS, "at head") if current else (Health.FAIL, "not at head"))
    free_mb = edge.grove.locator.bytes_free() // MEGABYTE
    enough = free_mb >= edge.grove.settings.disk_free_mb_min
    yield "disk", Health.PASS if enough else Health.FAIL, f"{free_mb:,} MB free"
    alive = edge.workers_alive()
    yield "workers", Health.PASS if alive else Health.WARN, "alive" if alive else "being replaced"


def _look_at_database(edge: Edge) -> tuple[Health, str]:
    """Read it, and take the lock that a writer needs."""
    try:
        with serving_all(), edge.grove.database.reading() as tx:
            tx.session.execute(text("SELECT 1"))
        with serving_all(), edge.grove.database.transaction() as tx:
            tx.session.execute(text("SELECT 1"))
    except GroveError as busy:
        return Health.FAIL, busy.message
    return Health.PASS, "reads and writes"


def _has_schema(edge: Edge) -> bool:
    """Whether the schema is the newest; once it is, it stays so while this process runs."""
    edge.is_schema_current = edge.is_schema_current or migrations.is_current(edge.grove.database.engine)
    return edge.is_schema_current
