"""Indexes for what regulators look at all day: refusals, ends without a confirmation."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def partial_index(name: str, table: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    refused = "what IN ('job-refused', 'job-step-refused')"
    partial_index("ix_audit_row_refused", "audit_row", "at", refused)
    unconfirmed = "off_alarm_at IS NOT NULL AND off_confirmed_at IS NULL"
    partial_index("ix_job_unconfirmed", "job", "off_alarm_at", unconfirmed)
