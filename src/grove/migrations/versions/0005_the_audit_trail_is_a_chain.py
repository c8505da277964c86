"""The audit trail is a chain in each tenant; the entries that are there already are chained in their order."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TOGETHER = 1_000
_APPEND_ONLY = "the audit trail is append-only"
_BEFORE = sa.table(
    "audit_entries_before",
    sa.column("sequence", sa.BigInteger()),
    sa.column("tenant_id", sa.String()),
    sa.column("actor_id", sa.String()),
    sa.column("actor_name", sa.String()),
    sa.column("source", sa.String()),
    sa.column("action", sa.String()),
    sa.column("target_kind", sa.String()),
    sa.column("target_id", sa.String()),
    sa.column("facts", sa.JSON()),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    is_postgres = op.get_bind().dialect.name == "postgresql"
    op.drop_index("ix_audit_entries_target_id", table_name="audit_entries")
    op.drop_index("ix_audit_entries_tenant_id", table_name="audit_entries")
    op.rename_table("audit_entries", "audit_entries_before")
    if is_postgres:
        op.drop_constraint("pk_audit_entries", "audit_entries_before")
    entries, chains = _create_tables()
    ends: dict[str, tuple[int, str]] = {}
    for rows in _batches():
        op.bulk_insert(entries, [_chained(row, ends) for row in rows])
    op.bulk_insert(chains, [{"tenant_id": name, "length": end[0], "digest": end[1]} for name, end in ends.items()])
    op.drop_table("audit_entries_before")
    _refuse_changes(is_postgres=is_postgres)


def _create_tables() -> tuple[sa.Table, sa.Table]:
    entries = op.create_table(
        "audit_entries",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("target_kind", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.String(length=36), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_target_id"), "audit_entries", ["target_id"], unique=False)
    chains = op.create_table(
        "audit_chains",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audit_chains")),
    )
    return entries, chains


def _batches() -> Iterator[list[dict[str, Any]]]:
    last = -1
    while True:
        chosen = sa.select(_BEFORE).where(_BEFORE.c.sequence > last).order_by(_BEFORE.c.sequence).limit(_TOGETHER)
        rows = [dict(row) for row in op.get_bind().execute(chosen).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["sequence"]


def _chained(row: dict[str, Any], ends: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """The entry behind the end of its tenant's chain. The digest is made as `grove.activity` made it at this step."""
    length, previous = ends.get(row["tenant_id"], (0, "0" * 64))
    at: datetime = row["at"]
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    said = {**row, "sequence": length + 1, "previous": previous}
    canonical = json.dumps({**said, "at": at.isoformat(timespec="microseconds")}, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    ends[row["tenant_id"]] = (length + 1, digest)
    return {**said, "digest": digest}


def _refuse_changes(*, is_postgres: bool) -> None:
    if is_postgres:
        op.execute(
            "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{_APPEND_ONLY}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_append_only_{change.lower()} BEFORE {change} ON audit_entries"
            f" BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
        )
