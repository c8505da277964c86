"""Every row of a tenant names it, so that the database itself can keep tenants apart."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

OWNERS = {
    "job_events": ("job_id", "jobs"),
    "forge_readers": ("repository_id", "repositories"),
    "hook_deliveries": ("hook_id", "hooks"),
    "mirror_refs": ("repository_id", "repositories"),
    "pull_switches": ("repository_id", "repositories"),
    "pulls": ("repository_id", "repositories"),
}
"""The table whose row says the tenant of a row, and the column that names it."""


def upgrade() -> None:
    for name, (column, owner_name) in OWNERS.items():
        with op.batch_alter_table(name) as batch:
            batch.add_column(sa.Column("tenant_id", sa.String(length=36), nullable=True))
        rows = sa.table(name, sa.column(column), sa.column("tenant_id"))
        owners = sa.table(owner_name, sa.column("id"), sa.column("tenant_id"))
        tenant = sa.select(owners.c.tenant_id).where(owners.c.id == rows.c[column]).scalar_subquery()
        op.execute(sa.update(rows).values(tenant_id=tenant))
        op.execute(sa.delete(rows).where(rows.c.tenant_id.is_(None)))
        with op.batch_alter_table(name) as batch:
            batch.alter_column("tenant_id", existing_type=sa.String(length=36), nullable=False)
