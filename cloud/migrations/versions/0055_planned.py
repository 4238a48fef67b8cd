"""The time that a job is planned for, as its application names it; None = from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for name in ("planned_from", "planned_until"):
        op.add_column("job", sa.Column(name, WHOLE))
