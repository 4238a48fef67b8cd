"""Check-ins of the fire watch."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("job", sa.Column("seen_at", WHOLE))
    op.add_column("job", sa.Column("missed", WHOLE, nullable=False, server_default="0"))
