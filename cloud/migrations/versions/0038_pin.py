"""The PIN, and older phones that are told of a newer one."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pin",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("set_at", WHOLE, nullable=False),
        sa.Column("tries_left", WHOLE, nullable=False),
        sa.Column("used_at", WHOLE),
        sa.Column("used_in", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_pin_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_pin"),
    )
    op.add_column("session", sa.Column("newer_at", WHOLE))
