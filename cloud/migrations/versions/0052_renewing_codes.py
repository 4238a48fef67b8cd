"""An enrolment code may be for a fresh secret of one terminal where it is fitted."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    renews = sa.Column("renews", sa.Text(), nullable=False, server_default="")
    op.add_column("enrolment_code", renews)
