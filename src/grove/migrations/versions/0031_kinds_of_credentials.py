"""Credentials of further kinds: GitHub Apps and OAuth applications."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("credentials", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=20), server_default="token", nullable=False))
        batch_op.add_column(sa.Column("refreshing_until", sa.DateTime(timezone=True), nullable=True))
