"""Why repositories were asked for, and what was decided about them."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories") as table:
        table.add_column(sa.Column("request_reason", sa.String(length=2000), nullable=False, server_default=""))
        table.add_column(sa.Column("decision", sa.JSON(), nullable=True))
