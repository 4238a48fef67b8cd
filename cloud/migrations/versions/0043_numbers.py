"""Who else tells the same IMEI or ICCID is found without reading every terminal."""

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.create_index("ix_terminal_imei", "terminal", ["imei"])
    op.create_index("ix_terminal_iccid", "terminal", ["iccid"])
