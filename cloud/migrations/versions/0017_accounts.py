"""Second factors that their owner confirms, recovery codes, one-time codes, where a session is."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("second_factor", sa.Column("confirmed_at", WHOLE, nullable=True))
    op.execute("UPDATE second_factor SET confirmed_at = made_at")
    op.add_column(
        "session", sa.Column("where_sealed", sa.Text(), server_default="", nullable=False)
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_recovery_code_person_id"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])
    texts = ("id", "purpose", "key", "code_hash")
    op.create_table(
        "one_time_code",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("person_id", sa.Text(), nullable=True),
        *(
            sa.Column(name, WHOLE, nullable=False)
            for name in ("tries_left", "made_at", "expires_at")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_one_time_code_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_one_time_code"),
    )
    for name in ("key", "person_id", "expires_at"):
        op.create_index(f"ix_one_time_code_{name}", "one_time_code", [name])
