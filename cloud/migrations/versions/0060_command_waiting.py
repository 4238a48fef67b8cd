"""What waits for its answer is found each second without reading every command there ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"

_WAITS = sa.text("state IN ('made', 'sent') AND (name NOT IN ('alive', 'upgrade'))")


def upgrade() -> None:
    op.create_index(
        "ix_command_waiting",
        "command",
        ["made_at"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
