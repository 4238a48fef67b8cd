"""When a terminal's account changed last: who follows the register need not read it all."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("terminal", sa.Column("account_at", WHOLE, nullable=False, server_default="0"))
    op.create_index("ix_terminal_account_at", "terminal", ["account_at"])
