"""The registers in full: enterprises, sites, machines; who let a person in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TOLD = {
    "enterprise": ("scale", "principal", "principal_sealed", "contact", "crowded_place"),
    "machine": (
        *("category", "maker", "model", "serial", "supply", "source", "purpose", "trade"),
        *("keeper", "keeper_sealed", "filled_in_by", "filled_in_by_sealed", "bought_on", "note"),
    ),
    "person": ("judged_why",),
}
NUMBERS = {
    "enterprise": ("machines_told", "workers_told"),
    "machine": ("mains_max_a", "max_a", "max_w"),
    "person": ("judged_at",),
}


def upgrade() -> None:
    for table, columns in TOLD.items():
        for name in columns:
            text = sa.Column(name, sa.Text(), server_default="", nullable=False)
            op.add_column(table, text)
    for table, columns in NUMBERS.items():
        for name in columns:
            op.add_column(table, sa.Column(name, WHOLE, nullable=True))
    op.add_column("person", sa.Column("judged_by", sa.Text(), nullable=True))
    op.add_column(
        "machine", sa.Column("mobile", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.execute("UPDATE enterprise SET kind = 'general' WHERE kind = 'factory'")

    op.create_table(
        "site",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("opens_on", sa.Text(), nullable=False),
        sa.Column("closes_on", sa.Text(), nullable=False),
        sa.Column("exempt", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_site_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sa.UniqueConstraint("enterprise_id", "name", name="uq_site_enterprise_id_name"),
    )
    op.create_index("ix_site_district", "site", ["district"])
