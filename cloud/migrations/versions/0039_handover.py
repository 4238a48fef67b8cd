"""Jobs that are handed over to another welder."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OFFERED = sa.text("offered_at IS NOT NULL AND state = 'ended'")
TAKEN = sa.text("handed_from IS NOT NULL")


def upgrade() -> None:
    op.add_column("job", sa.Column("offered_at", WHOLE))
    op.add_column("job", sa.Column("handed_from", sa.Text()))
    for name, column, where in (
        ("ix_job_offered", "machine_id", OFFERED),
        ("ix_job_handed_from", "handed_from", TAKEN),
    ):
        op.create_index(name, "job", [column], sqlite_where=where, postgresql_where=where)
