"""What a tenant's own policies follow."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_followings",
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("repository_id", sa.String(length=36), nullable=True),
        sa.Column("repository", sa.String(length=400), nullable=False),
        sa.Column("branch", sa.String(length=400), nullable=False),
        sa.Column("folder", sa.String(length=1000), nullable=False),
        sa.Column("followed_by", sa.String(length=36), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("problem", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pushed", sa.JSON(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_policy_followings")),
    )
    with op.batch_alter_table("policy_followings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policy_followings_repository_id"), ["repository_id"], unique=False)
