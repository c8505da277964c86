"""Whom the work in hand is for: one tenant, or the server as a whole.

An entry point says it once, when it knows who asks; every transaction that is opened below it sees the rows of that
tenant and no others. A transaction for nobody is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from grove.kit.errors import GroveError, Kind

ALL: Final = "*"
_served: ContextVar[str | None] = ContextVar("grove_tenant", default=None)


class TenantUnnamed(GroveError):
    """A transaction was opened without saying for which tenant."""

    kind = Kind.UNAVAILABLE
    code = "tenant_unnamed"


class TenantCrossed(GroveError):
    """Work for one tenant was about to touch what belongs to another."""

    kind = Kind.CONFLICT
    code = "tenant_crossed"


@contextmanager
def serving(tenant_id: str) -> Iterator[None]:
    """Have the transactions of the block see one tenant."""
    token = _served.set(tenant_id)
    try:
        yield
    finally:
        _served.reset(token)


@contextmanager
def serving_all() -> Iterator[None]:
    """Have the transactions of the block see every tenant: for what a server does before it knows whose turn it is.

    Each place that does so is on the list in `tests/architecture/test_tenants.py`, with the reason.
    """
    with serving(ALL):
        yield


def serve(tenant_id: str) -> None:
    """Have the transactions of the rest of this context, such as one request, see one tenant."""
    _served.set(tenant_id)


def served() -> str:
    """The tenant that is served here, or `ALL`.

    :raises TenantUnnamed: if nobody has said.
    """
    tenant = _served.get()
    if tenant is None:
        raise TenantUnnamed
    return tenant
