"""Notices that leave the platform."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("next_at", WHOLE, nullable=True),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("sent_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
    )
    waits = sa.text("next_at IS NOT NULL")
    op.create_index(
        "ix_notice_due", "notice", ["next_at"], sqlite_where=waits, postgresql_where=waits
    )
