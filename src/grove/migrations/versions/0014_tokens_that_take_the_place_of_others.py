"""Tokens know which one took their place; requests have keys; the steward has a kind of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("replaced_by", sa.String(length=36), nullable=True))
    op.create_table(
        "keyed_requests",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("location", sa.String(length=2048), nullable=True),
        sa.Column("kid", sa.String(length=16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyed_requests")),
        sa.UniqueConstraint("principal_id", "key", name=op.f("uq_keyed_requests_principal_id_key")),
    )
    with op.batch_alter_table("keyed_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_keyed_requests_began_at"), ["began_at"], unique=False)
    op.execute("UPDATE principals SET kind = 'steward' WHERE kind = 'service'")
