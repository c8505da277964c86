"""How many data keys each master key has wrapped; what is sealed now was wrapped once at least."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "master_keys",
        sa.Column("kid", sa.String(length=16), nullable=False),
        sa.Column("wraps", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_master_keys")),
    )
    op.execute(
        "INSERT INTO master_keys (kid, wraps) SELECT kid, count(*) FROM"
        " (SELECT kid FROM credentials UNION ALL SELECT kid FROM keyed_requests) AS sealed WHERE kid <> '' GROUP BY kid"
    )
