"""The walls between tenants as PostgreSQL holds them: forced row-level security on every table.

A transaction names its tenant (`grove.kit.walls`); whoever names none sees nothing. One that names all of them may read
all, and write only where a table says why.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, text

from grove.kit.tables import Table
from grove.kit.tenancy import ALL
from grove.kit.walls import SETTING

_NAMED: Final = f"(SELECT current_setting('{SETTING}', true))"
_KEPT_FOREVER: Final = "audit_entries"
_VERSION: Final = "alembic_version"
_WITH_TENANT: Final = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id'"
    " AND NOT a.attisdropped"
)
_SEEN: Final = text(
    "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,"
    " coalesce(string_agg(p.polname || ' ' || obj_description(p.oid, 'pg_policy'), ';' ORDER BY p.polname), '')"
    " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' GROUP BY 1, 2"
)
_ROLE: Final = text(
    "SELECT r.rolname, r.rolsuper OR r.rolbypassrls,"
    " EXISTS (SELECT 1 FROM pg_class c WHERE c.relname = 'jobs' AND c.relnamespace = current_schema()::regnamespace"
    " AND pg_has_role(c.relowner, 'USAGE')) FROM pg_roles r WHERE r.rolname = current_user"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """Whether the database itself keeps the tenants apart from the role that serves."""

    role: str
    is_bypassed: bool
    """The role is a superuser, or may bypass row-level security."""
    is_owner: bool
    """The role owns the tables, and could take the walls down."""
    open_tables: tuple[str, ...]


def walls_of(engine: Engine) -> Walls | None:
    """How the walls stand; nothing to say on a database that has none of its own."""
    if engine.dialect.name != "postgresql":
        return None
    with engine.connect() as connection:
        role, is_bypassed, is_owner = connection.execute(_ROLE).one()
        return Walls(role=role, is_bypassed=is_bypassed, is_owner=is_owner, open_tables=tuple(_open(connection)))


def lower(connection: Connection) -> None:
    """Let the owner of the tables see all rows for as long as the transaction lasts, which `raise_again` must end."""
    for table in _columns(connection):
        connection.execute(text(f'ALTER TABLE IF EXISTS "{table}" NO FORCE ROW LEVEL SECURITY'))


def raise_again(connection: Connection, *, role: str | None) -> None:
    """Raise what walls are missing, and let `role` use every table."""
    columns = _columns(connection)
    for table in _open(connection):
        connection.execute(text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'))
        connection.execute(text(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'))
        for name, rule in _policies(table, columns[table]).items():
            connection.execute(text(f'DROP POLICY IF EXISTS {name} ON "{table}"'))
            connection.execute(text(f'CREATE POLICY {name} ON "{table}" {rule}'))
            comment = rule.replace("'", "''")
            connection.execute(text(f"COMMENT ON POLICY {name} ON \"{table}\" IS '{comment}'"))
    if role is not None:
        _grant(connection, role)


def _open(connection: Connection) -> list[str]:
    """The tables whose walls are not as they should be."""
    seen = {name: (is_forced, policies) for name, is_forced, policies in connection.execute(_SEEN)}
    wanted = {table: sorted(_policies(table, column).items()) for table, column in _columns(connection).items()}
    told = {table: (True, ";".join(f"{name} {rule}" for name, rule in rules)) for table, rules in wanted.items()}
    return [table for table, walls in told.items() if seen.get(table) != walls]


def _columns(connection: Connection) -> dict[str, str]:
    """The column that names the tenant, by table: of every table that has one, whoever made it."""
    return {"tenants": "id", **dict.fromkeys(sorted(connection.scalars(_WITH_TENANT)), "tenant_id")}


def _policies(table: str, column: str) -> dict[str, str]:
    kinds = {mapper.class_.__tablename__: mapper.class_ for mapper in Table.registry.mappers}
    is_written = table == "tenants" or bool(getattr(kinds.get(table), "written_for_all", ""))
    return {
        "for_all_tenants": f"FOR {'ALL' if is_written else 'SELECT'} USING ({_NAMED} = '{ALL}')",
        "of_the_tenant": f"USING ({column} = {_NAMED})",
    }


def _grant(connection: Connection, role: str) -> None:
    name = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA {_schema(connection)} TO {name}"))
    everything = f"IN SCHEMA {_schema(connection)}"
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES {everything} TO {name}"))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES {everything} TO {name}"))
    connection.execute(text(f"REVOKE UPDATE, DELETE ON {_KEPT_FOREVER} FROM {name}"))
    connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {_VERSION} FROM {name}"))


def _schema(connection: Connection) -> str:
    schema: str = connection.scalar(text("SELECT quote_ident(current_schema())"))
    return schema
