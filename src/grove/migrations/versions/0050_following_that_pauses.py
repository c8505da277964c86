"""Who rolled back policies that follow something, and when: nothing is followed until somebody says so."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("policy_followings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("paused_by", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("policy_followings", schema=None) as batch_op:
        batch_op.alter_column("paused_by", server_default=None)
