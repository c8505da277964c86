"""Which parts of the index were damaged, and whether they are whole again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "index_damages",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("part", sa.String(length=80), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repaired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "part", name=op.f("pk_index_damages")),
    )
    with op.batch_alter_table("index_damages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_index_damages_tenant_id"), ["tenant_id"], unique=False)
