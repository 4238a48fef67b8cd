"""Key zones as areas, and in which one a machine is."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "zone",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "name", "district")),
        sa.Column("enterprise_id", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("datum", "area")),
        *(
            sa.Column(name, WHOLE, nullable=False)
            for name in ("west", "south", "east", "north", "made_at")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_zone_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_zone"),
        sa.UniqueConstraint("name", name="uq_zone_name"),
    )
    op.create_index("ix_zone_district", "zone", ["district"])
    op.create_index("ix_zone_sides", "zone", ["west", "east"])
    zone_id = sa.Column("zone_id", sa.Text(), server_default="", nullable=False)
    op.add_column("machine", zone_id)
