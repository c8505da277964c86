"""Where a forge says that a repository is now, and the addresses that repositories had before."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moved_to", sa.JSON(none_as_null=True), nullable=True))
    op.create_table(
        "repository_aliases",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("address", sa.String(length=2048), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_repository_aliases_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "address", name=op.f("pk_repository_aliases")),
    )
