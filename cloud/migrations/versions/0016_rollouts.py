"""Upgrade campaigns in waves."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    texts = {name: sa.Text() for name in ("id", "digest", "district", "waves", "state")}
    numbers = ("wave", "total", "stop_percent", "forgiven", "made_at", "state_at")
    kinds = texts | dict.fromkeys(numbers, WHOLE)
    columns = [sa.Column(name, kind, nullable=False) for name, kind in kinds.items()]
    op.create_table("rollout", *columns, sa.PrimaryKeyConstraint("id", name="pk_rollout"))
    op.create_index("ix_rollout_state", "rollout", ["state"])
    op.create_index("ix_upgrade_campaign", "upgrade", ["campaign"])
