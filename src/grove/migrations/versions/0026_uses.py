"""Who uses which repository, by which door, how often, and when last."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_counts",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("branch", sa.String(length=200), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "day",
            "principal_id",
            "source",
            "act",
            "repository_id",
            "branch",
            name=op.f("pk_usage_counts"),
        ),
    )
    with op.batch_alter_table("usage_counts", schema=None) as batch_op:
        batch_op.create_index("ix_usage_counts_of_repository", ["tenant_id", "repository_id"], unique=False)
    op.create_table(
        "repository_uses",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repository_uses")),
    )
    with op.batch_alter_table("repository_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repository_uses_tenant_id"), ["tenant_id"], unique=False)
