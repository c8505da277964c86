"""What forges say of repositories: whether they are archived, and whether they are forks."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        for name in ("archived", "fork"):
            batch_op.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        for name in ("archived", "fork"):
            batch_op.alter_column(name, server_default=None)
