"""What terminals work by, and where they were."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "position",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("lat_e6", WHOLE, nullable=False),
        sa.Column("lng_e6", WHOLE, nullable=False),
        sa.Column("datum", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("accuracy_m", WHOLE, nullable=True),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("arrived_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_position"),
    )
    op.create_index("ix_position_device", "position", ["device", "id"])

    op.create_table(
        "terminal_policy",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("own", sa.Text(), nullable=False),
        sa.Column("refill", WHOLE, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("acked", WHOLE, nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.Column("ask_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("device", name="pk_terminal_policy"),
    )
    op.create_index(
        "ix_terminal_policy_ask",
        "terminal_policy",
        ["ask_at"],
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )

    op.add_column(
        "machine", sa.Column("key_zone", sa.Boolean(), server_default=sa.false(), nullable=False)
    )

    op.add_column("terminal", sa.Column("beat_working_s", WHOLE, nullable=True))
    op.add_column("terminal", sa.Column("beat_idle_s", WHOLE, nullable=True))
    op.add_column("terminal", sa.Column("next_beat_s", WHOLE, nullable=True))
