"""Programs that wait until somebody lets them in."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_devices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("principal_id", sa.String(length=36), nullable=True),
        sa.Column("is_refused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"], ["principals.id"], name=op.f("fk_waiting_devices_principal_id_principals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_devices")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_waiting_devices_secret_digest")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_waiting_devices_code_digest")),
    )
