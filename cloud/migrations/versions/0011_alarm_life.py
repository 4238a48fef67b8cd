"""Who must see to an alarm, and by when."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_JOB = "state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')"


def upgrade() -> None:
    for name in ("duty", "holder", "verified_by", "verified_words"):
        text = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("alarm", text)
    op.add_column("alarm", sa.Column("late", WHOLE, server_default="0", nullable=False))
    for name in ("due_at", "verified_at"):
        op.add_column("alarm", sa.Column(name, WHOLE, nullable=True))
    partial("ix_alarm_due", "alarm", "due_at", "due_at IS NOT NULL")
    partial("ix_job_open_on", "job", "on_at", OPEN_JOB)


def partial(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
