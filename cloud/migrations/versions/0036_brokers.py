"""The broker that a terminal is on, and how often a policy went out."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("terminal", sa.Column("via", sa.Text(), nullable=False, server_default=""))
    tries = sa.Column("tries", WHOLE, nullable=False, server_default="0")
    op.add_column("terminal_policy", tries)
