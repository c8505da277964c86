"""Which owners could not be asked for a review of a promoted workspace."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unasked", sa.JSON(), server_default="[]", nullable=False))
