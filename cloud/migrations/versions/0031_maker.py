"""Machines that leave their maker coded."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    texts = ("code", "device", "maker", "model", "serial", "category")
    op.create_table(
        "made_machine",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("listed_at", WHOLE, nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=True),
        sa.Column("activated_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("code", name="pk_made_machine"),
        sa.UniqueConstraint("device", name="uq_made_machine_device"),
    )
