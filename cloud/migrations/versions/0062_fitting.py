"""Where a terminal sat before is kept: what it wrote down there is laid to that machine."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fitting",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("began_at", WHOLE, nullable=False),
        sa.Column("ended_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_fitting"),
    )
    op.create_index("ix_fitting_device", "fitting", ["device", "began_at"])
