"""The base of every table, and the column types that mean the same on SQLite and PostgreSQL."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import JSON, DateTime, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


NO_OBJECT: Final[Mapping[str, Any]] = {"unreadable": True}


class Table(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=_NAMES)
    shared: ClassVar[str] = ""
    """Why the rows of the table are no tenant's; every other table is a `TenantTable`."""


class TenantTable(Table):
    """The base of every table whose rows are a tenant's: no transaction for another tenant finds or writes them."""

    __abstract__ = True

    written_for_all: ClassVar[str] = ""
    """Why rows of several tenants are written together, where they are."""

    tenant_id: Mapped[str] = mapped_column(String(36))


class JsonObject(TypeDecorator[dict[str, Any]]):
    """An object in JSON. What is none, since somebody wrote there, is read as one that nobody writes."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], dict[str, Any] | None]:
        """How what is stored is read."""
        read = super().result_processor(dialect, coltype)

        def process(stored: Any) -> dict[str, Any] | None:
            try:
                found = read(stored) if read is not None else stored
            except (ValueError, RecursionError):
                return dict(NO_OBJECT)
            return found if found is None or isinstance(found, dict) else dict(NO_OBJECT)

        return process


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Give the database a moment in UTC.

        :raises ValueError: if the moment has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class names it
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
