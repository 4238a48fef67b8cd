"""The terminals' journals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, autoincrement=False, nullable=False),
        sa.Column("boot", WHOLE, nullable=False),
        sa.Column("up", WHOLE, nullable=False),
        sa.Column("at", WHOLE, nullable=True),
        sa.Column("at_told", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("arrived_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("device", "log", "seq", name="pk_journal_entry"),
    )
    op.create_index("ix_journal_entry_boot", "journal_entry", ["device", "log", "boot"])
    op.create_index(
        "ix_journal_entry_job",
        "journal_entry",
        ["job"],
        sqlite_where=sa.text("job IS NOT NULL"),
        postgresql_where=sa.text("job IS NOT NULL"),
    )

    op.create_table(
        "journal_log",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("to", WHOLE, nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("ask_at", WHOLE, nullable=True),
        sa.Column("asked", WHOLE, nullable=False),
        sa.Column("heard_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("device", "log", name="pk_journal_log"),
    )
    op.create_index(
        "ix_journal_log_ask",
        "journal_log",
        ["ask_at"],
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
