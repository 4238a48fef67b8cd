"""Which warning of its end a certificate had last."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    text = sa.Column("warned", sa.Text(), server_default="", nullable=False)
    op.add_column("certificate", text)
