"""What is done to the checkouts of a repository before they are used."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "checkout_preparations",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("set_up", sa.Text(), nullable=False),
        sa.Column("network", sa.Boolean(), nullable=False),
        sa.Column("movable", sa.Boolean(), nullable=False),
        sa.Column("seconds_max", sa.Float(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_checkout_preparations_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_checkout_preparations")),
    )
    with op.batch_alter_table("checkout_preparations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkout_preparations_tenant_id"), ["tenant_id"], unique=False)
