"""Presence that a terminal confirms by answering a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column("presence_code", sa.Column("ticket_id", sa.Text()))
