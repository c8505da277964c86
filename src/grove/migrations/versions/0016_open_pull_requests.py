"""Open pull requests: of which repositories they are mirrored, and which there are."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pull_switches",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_pull_switches")),
    )
    op.create_table(
        "pulls",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("branch", sa.String(length=1024), nullable=False),
        sa.Column("target", sa.String(length=1024), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "number", name=op.f("pk_pulls")),
    )
