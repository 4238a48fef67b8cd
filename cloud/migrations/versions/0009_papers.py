"""What the registers of the issuers say about certificates, and when they were asked."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("asked_at", WHOLE, server_default="0", nullable=False),
        sa.Column("answered_at", WHOLE, nullable=True),
        sa.Column("known", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("warn_on", sa.Text(), server_default="2000-01-01", nullable=False),
    ):
        op.add_column("certificate", column)
    op.create_index("ix_certificate_asked", "certificate", ["issuer", "asked_at"])
    op.create_index("ix_certificate_warn_on", "certificate", ["warn_on"])
