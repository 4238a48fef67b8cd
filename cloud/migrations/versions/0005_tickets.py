"""Tickets for terminals that only a phone reaches."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ticket",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("lease_s", WHOLE, nullable=False),
        sa.Column("iat", WHOLE, nullable=False),
        sa.Column("exp", WHOLE, nullable=False),
        sa.Column("ch", sa.Text(), nullable=True),
        sa.Column("n", WHOLE, nullable=True),
        sa.Column("fw", sa.Text(), nullable=False),
        sa.Column("told_at", WHOLE, nullable=True),
        sa.Column("code", WHOLE, nullable=True),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
    )
    op.create_index("ix_ticket_job", "ticket", ["job", "act"])
    op.create_index(
        "ux_ticket_number",
        "ticket",
        ["device", "n"],
        unique=True,
        sqlite_where=sa.text("n IS NOT NULL"),
        postgresql_where=sa.text("n IS NOT NULL"),
    )

    op.create_table(
        "ticket_series",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_ticket_series"),
    )
    op.add_column("job", sa.Column("ticket_until", WHOLE, nullable=True))
