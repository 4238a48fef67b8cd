"""Which machines stand at an exempt site is what the office says, not what somebody types."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    op.add_column(
        "machine", sa.Column("exempt_site_id", sa.Text(), nullable=False, server_default="")
    )
