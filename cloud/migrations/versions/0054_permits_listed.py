"""A permit has a district: its machine's, else its enterprise's; the register of a day."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.add_column("permit", sa.Column("district", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE permit SET district = COALESCE("
        "(SELECT machine.district FROM machine WHERE machine.id = permit.machine_id), "
        "(SELECT enterprise.district FROM enterprise WHERE enterprise.id = permit.enterprise_id))"
    )
    op.create_index(
        "ix_permit_listed",
        "permit",
        ["window_from", "id", "district", "window_to", "approved_at", "ended_at"],
    )
    where = sa.text("permit_id IS NOT NULL")
    op.create_index(
        "ix_job_permit", "job", ["permit_id"], sqlite_where=where, postgresql_where=where
    )
    op.drop_index("ix_job_open_permit", "job")
