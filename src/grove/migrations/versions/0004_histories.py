"""Histories of repositories, and how much of each is indexed ahead."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "histories",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("commit_count", sa.Integer(), nullable=False),
        sa.Column("commits_waiting", sa.Integer(), nullable=False),
        sa.Column("change_count", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("checksum", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_histories")),
    )
    op.create_index(op.f("ix_histories_tenant_id"), "histories", ["tenant_id"])
    op.create_index(op.f("ix_histories_repository_id"), "histories", ["repository_id"])
    with op.batch_alter_table("repositories") as table:
        table.add_column(sa.Column("history", sa.String(length=40), nullable=False, server_default="all"))


def downgrade() -> None:
    with op.batch_alter_table("repositories") as table:
        table.drop_column("history")
    op.drop_table("histories")
