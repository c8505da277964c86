"""Commits that stay indexed because somebody pinned them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "snapshot_pins",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("commit", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.String(length=1024), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("pinned_by", sa.String(length=36), nullable=False),
        sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "commit", name=op.f("pk_snapshot_pins")),
    )
    with op.batch_alter_table("snapshot_pins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_snapshot_pins_tenant_id"), ["tenant_id"], unique=False)
