"""Users may sign in at an OpenID provider."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("principal_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("is_shut_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_identities_principal_id_principals")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_identities_tenant_id_tenants")),
        sa.PrimaryKeyConstraint("principal_id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", "tenant_id", name=op.f("uq_identities_issuer_subject_tenant_id")),
    )
    op.add_column("principals", sa.Column("vouched_until", sa.DateTime(timezone=True), nullable=True))
