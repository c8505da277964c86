"""The signature of what a job is to do; what was queued before, and may be done yet, is signed here, once."""

import sqlalchemy as sa
from alembic import context, op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_JOBS = sa.table(
    "jobs",
    *(sa.column(name) for name in ("id", "tenant_id", "kind", "target_id", "requested_by", "attempts_max", "state")),
    sa.column("arguments", sa.JSON),
    sa.column("signature"),
)


def upgrade() -> None:
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signature", sa.String(length=100), server_default="", nullable=False))
    sign = context.config.attributes.get("sign_job")
    if sign is None:
        return
    connection = op.get_bind()
    for job in connection.execute(sa.select(_JOBS).where(_JOBS.c.state != "succeeded")).mappings().all():
        connection.execute(sa.update(_JOBS).where(_JOBS.c.id == job["id"]).values(signature=sign(job)))
