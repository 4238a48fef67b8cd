"""Old commands and codes are found by their age."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index("ix_command_made_at", "command", ["made_at"])
    op.create_index("ix_presence_code_made_at", "presence_code", ["made_at"])
