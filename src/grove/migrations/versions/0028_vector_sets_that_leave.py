"""Sets of vectors that no reader uses, until the vector store has been told."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("vector_sets", sa.Column("is_leaving", sa.Boolean(), nullable=False, server_default=sa.false()))
