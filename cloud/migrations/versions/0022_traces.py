"""The last 24 hours of each terminal."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "trace",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("slots", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_trace"),
    )
