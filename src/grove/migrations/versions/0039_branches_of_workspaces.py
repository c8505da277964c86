"""Workspaces have several branches, and each of them a promotion of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workspaces") as batch:
        batch.add_column(sa.Column("branch", sa.String(length=63), nullable=True))
    rows = sa.table("workspaces", sa.column("name"), sa.column("branch"))
    op.execute(sa.update(rows).values(branch=sa.literal("ws/") + rows.c.name))
    with op.batch_alter_table("workspaces") as batch:
        batch.alter_column("branch", existing_type=sa.String(length=63), nullable=False)
    op.create_table(
        "workspace_branches",
        sa.Column("workspace_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("target", sa.String(length=1024), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_workspace_branches")),
    )
    with op.batch_alter_table("promotions") as batch:
        batch.drop_constraint(op.f("pk_promotions"), type_="primary")
        batch.create_primary_key(op.f("pk_promotions"), ["workspace_id", "branch"])
