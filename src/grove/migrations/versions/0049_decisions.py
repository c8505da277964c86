"""What was allowed by which policies, counted by day; and for how long that is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision_counts",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("resource_id", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("policies", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "day",
            "principal_id",
            "source",
            "action",
            "kind",
            "resource_id",
            "digest",
            name=op.f("pk_decision_counts"),
        ),
    )
    with op.batch_alter_table("decision_counts", schema=None) as batch_op:
        batch_op.create_index("ix_decision_counts_of_resource", ["tenant_id", "resource_id", "day"], unique=False)
    with op.batch_alter_table("retention_policies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decision_days", sa.Integer(), nullable=False, server_default="365"))
    with op.batch_alter_table("retention_policies", schema=None) as batch_op:
        batch_op.alter_column("decision_days", server_default=None)
