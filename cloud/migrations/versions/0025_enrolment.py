"""Enrolment codes and the stock of terminals."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _table(
        "enrolment_code",
        ("id", "digest", "who"),
        ("made_at", "until", "times", "used"),
        "id",
        sa.UniqueConstraint("digest", name="uq_enrolment_code_digest"),
    )
    texts = ("chip", "device", "code", "state", "sim_until", "insurance", "insurance_until")
    _table("stock_item", texts, ("state_at", "made_at"), "chip")
    op.create_index("ix_stock_item_device", "stock_item", ["device"])
    op.create_index("ix_stock_item_state", "stock_item", ["state"])
    _table("stock_move", ("id", "chip", "state", "who", "note"), ("at",), "id")
    op.create_index("ix_stock_move_chip", "stock_move", ["chip"])


def _table(
    name: str, texts: tuple[str, ...], wholes: tuple[str, ...], key: str, *more: sa.Constraint
) -> None:
    kinds = dict.fromkeys(texts, sa.Text()) | dict.fromkeys(wholes, WHOLE)
    columns = [sa.Column(column, kind, nullable=False) for column, kind in kinds.items()]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(key, name=f"pk_{name}"), *more)
