"""The walls between tenants: a session of one tenant finds and writes no row of another, whatever a query forgets.

On PostgreSQL the database holds them as well (`grove.migrations.walls`): each transaction tells it its tenant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, func, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from grove.kit.tables import TenantTable
from grove.kit.tenancy import ALL, TenantCrossed

SETTING: Final = "grove.tenant"


class WalledSession(Session):
    """A session of one tenant; of `ALL` while nobody knows yet whose turn it is."""

    def __init__(self, engine: Engine, *, tenant_id: str) -> None:
        super().__init__(engine, expire_on_commit=False)
        self.tenant_id = tenant_id

    def narrow(self, tenant_id: str) -> None:
        """Go on for one tenant.

        :raises TenantCrossed: if it is another one's session.
        """
        if self.tenant_id not in {ALL, tenant_id}:
            raise TenantCrossed
        self._move(tenant_id)

    @contextmanager
    def within(self, tenant_id: str) -> Iterator[None]:
        """See one tenant, or `ALL`, while the block lasts.

        :raises TenantCrossed: if it is another one's session.
        """
        before = self.tenant_id
        if ALL not in {before, tenant_id} and before != tenant_id:
            raise TenantCrossed
        self._move(tenant_id)
        yield
        self._move(before)  # not after an error: nothing of the transaction counts then

    def _move(self, tenant_id: str) -> None:
        if tenant_id == self.tenant_id:
            return
        self.flush()
        self.tenant_id = tenant_id
        _tell(self, None, self.connection())


@event.listens_for(WalledSession, "after_begin")
def _tell(session: WalledSession, _transaction: object, connection: Connection) -> None:
    """Tell PostgreSQL the tenant, for this transaction alone: the connection goes back to the pool without it."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config(SETTING, session.tenant_id, True)))


@event.listens_for(WalledSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Have a query of any shape, its subqueries too, find what is the tenant's."""
    assert isinstance(state.session, WalledSession)
    tenant_id = state.session.tenant_id
    if tenant_id == ALL or state.is_column_load or state.is_relationship_load:
        return
    if state.is_insert:
        _check_inserted(state, tenant_id)
        return
    mine = with_loader_criteria(TenantTable, lambda table: table.tenant_id == tenant_id, include_aliases=True)
    state.statement = state.statement.options(mine)


def _check_inserted(state: ORMExecuteState, tenant_id: str) -> None:
    mapper = state.bind_mapper
    if mapper is None or not issubclass(mapper.class_, TenantTable):
        return
    given = state.parameters
    rows: list[Any] = list(given) if isinstance(given, list | tuple) else [given or {}]
    if any(row.get("tenant_id") != tenant_id for row in rows):
        raise TenantCrossed(table=mapper.class_.__tablename__)


@event.listens_for(WalledSession, "before_flush")
def _check(session: WalledSession, _context: object, _instances: object) -> None:
    """Let no row be written that is another tenant's."""
    if session.tenant_id == ALL:
        return
    for row in (*session.new, *session.dirty, *session.deleted):
        if isinstance(row, TenantTable) and row.tenant_id != session.tenant_id:
            raise TenantCrossed(table=row.__tablename__)
