"""Whether the forge of a repository still lets us read it, when that is asked next, and whom else it lets."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("repositories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("access", sa.String(length=20), server_default="granted", nullable=False))
        batch_op.add_column(sa.Column("access_problem", sa.JSON(none_as_null=True), nullable=True))
        batch_op.add_column(sa.Column("access_confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("permissions", sa.String(length=20), server_default="grove", nullable=False))
    op.execute("UPDATE repositories SET access_confirmed_at = synced_at")
    op.create_table(
        "access_checks",
        sa.Column("repository_id", sa.String(length=36), nullable=False),
        sa.Column("tenant_id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_access_checks_repository_id_repositories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_access_checks")),
    )
    with op.batch_alter_table("access_checks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_checks_host"), ["host"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_checks_next_check_at"), ["next_check_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_checks_tenant_id"), ["tenant_id"], unique=False)
    op.execute(
        "INSERT INTO access_checks (repository_id, tenant_id, host, next_check_at, failures)"
        " SELECT id, tenant_id, host, CURRENT_TIMESTAMP, 0 FROM repositories WHERE NOT local"
    )
