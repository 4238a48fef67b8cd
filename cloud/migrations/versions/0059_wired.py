"""How the bench wrote a terminal: for a contactor or for a thermal loop; empty = never told."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    op.add_column("terminal", sa.Column("kind", sa.Text(), nullable=False, server_default=""))
