"""How much room workspaces and their folders take, as it was measured."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("workspaces") as batch:
        batch.add_column(sa.Column("own_bytes", sa.BigInteger(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("folder_bytes", sa.BigInteger(), nullable=False, server_default="0"))
