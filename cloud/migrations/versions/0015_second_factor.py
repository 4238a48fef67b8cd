"""Second factor of a sign-in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("last_step", WHOLE, nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_second_factor_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_second_factor"),
    )
