"""Upgrade packages, and the terminals that get them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
    )
    op.create_table(
        "package",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("release", WHOLE, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("hw", sa.Text(), nullable=False),
        sa.Column("min_release", WHOLE, nullable=False),
        sa.Column("expires", WHOLE, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("added_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_package"),
    )
    op.create_table(
        "upgrade",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", WHOLE, nullable=False),
        sa.Column("code", WHOLE, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("from_version", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("told_at", WHOLE, nullable=True),
        sa.Column("next_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_upgrade"),
    )
    op.create_index("ix_upgrade_device", "upgrade", ["device"])
    op.create_index(
        "ix_upgrade_due",
        "upgrade",
        ["next_at"],
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ux_upgrade_open",
        "upgrade",
        ["device"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'asked', 'offered', 'loading')"),
        postgresql_where=sa.text("state IN ('waiting', 'asked', 'offered', 'loading')"),
    )
