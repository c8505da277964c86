"""Who reads repositories at their forges, and why commits wait to be promoted."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("everybody_reads", sa.Boolean(), nullable=True))
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("why", sa.String(length=2000), server_default="", nullable=False))
