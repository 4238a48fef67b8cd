"""The open jobs of the one whom their application names as the fire watch."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

OPEN = sa.text("state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')")


def upgrade() -> None:
    op.create_index(
        "ix_job_open_named_watch",
        "job",
        ["named_watch_id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
