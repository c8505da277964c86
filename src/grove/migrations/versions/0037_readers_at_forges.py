"""Which accounts at forges are whose, and which repositories their forges let them read."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("readers_read_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_repositories_permissions"), ["permissions"], unique=False)
    op.create_table(
        "forge_accounts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_forge_accounts_principal_id_principals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forge_accounts")),
        sa.UniqueConstraint("tenant_id", "host", "login", name=op.f("uq_forge_accounts_tenant_id_host_login")),
    )
    with op.batch_alter_table("forge_accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forge_accounts_principal_id"), ["principal_id"], unique=False)
    op.create_table(
        "forge_readers",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_forge_readers_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", "principal_id", name=op.f("pk_forge_readers")),
    )
    with op.batch_alter_table("forge_readers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_forge_readers_principal_id"), ["principal_id"], unique=False)
