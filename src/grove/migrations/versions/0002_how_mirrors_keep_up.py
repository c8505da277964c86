"""How mirrors keep up; those that are there already poll."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hooks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("covers", sa.String(length=2048), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hooks")),
        sa.UniqueConstraint("tenant_id", "provider", "covers", name=op.f("uq_hooks_tenant_id_provider_covers")),
    )
    op.create_table(
        "host_pauses",
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_host_pauses")),
    )
    op.create_table(
        "freshness",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("on_hook", sa.Boolean(), nullable=False),
        sa.Column("poll_seconds", sa.Integer(), nullable=True),
        sa.Column("watch", sa.Boolean(), nullable=False),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_freshness_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_freshness")),
    )
    with op.batch_alter_table("freshness", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_freshness_next_poll_at"), ["next_poll_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_freshness_tenant_id"), ["tenant_id"], unique=False)

    op.create_table(
        "hook_deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("hook_id", sa.String(length=36), nullable=False),
        sa.Column("delivery", sa.String(length=100), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=100), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hook_id"], ["hooks.id"], name=op.f("fk_hook_deliveries_hook_id_hooks"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_deliveries")),
        sa.UniqueConstraint("hook_id", "delivery", name=op.f("uq_hook_deliveries_hook_id_delivery")),
    )
    with op.batch_alter_table("hook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_hook_deliveries_of_body", ["hook_id", "body_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_hook_deliveries_received_at"), ["received_at"], unique=False)

    op.execute(
        "INSERT INTO freshness (repository_id, tenant_id, host, on_hook, poll_seconds, watch, next_poll_at, failures)"
        " SELECT id, tenant_id, host, true, 900, false, CURRENT_TIMESTAMP, 0 FROM repositories"
        " WHERE approval = 'approved' AND lifecycle = 'active'"
    )
