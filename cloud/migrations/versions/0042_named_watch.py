"""Whom an application names as the fire watch."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.add_column("job", sa.Column("named_watch_id", sa.Text()))
