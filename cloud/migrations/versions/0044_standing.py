"""How a machine came to stand as it does (locked, unsafe, sound again, scrapped) and why."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    texts = ("machine_id", "act", "was", "who", "why")
    op.create_table(
        "standing_change",
        *(sa.Column(name, WHOLE, nullable=False) for name in ("id", "at")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("id", name="pk_standing_change"),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machine.id"], name="fk_standing_change_machine_id"
        ),
    )
    op.create_index("ix_standing_change_machine_id", "standing_change", ["machine_id"])
