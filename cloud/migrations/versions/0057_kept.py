"""As which kind a picture is kept and since when: the same one may come again; notices by age,
events that were given up without those that were delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("media", sa.Column("kept_as", sa.Text(), nullable=False, server_default=""))
    op.add_column("media", sa.Column("kept_at", WHOLE, nullable=False, server_default="0"))
    op.execute("UPDATE media SET kept_as = kind, kept_at = made_at")
    op.create_index("ix_media_kept", "media", ["kept_as", "kept_at"])
    op.create_index("ix_notice_sent", "notice", ["sent_at"])
    parked = sa.text("done_at IS NULL AND parked_at IS NOT NULL")
    op.create_index(
        "ix_event_parked", "event", ["id"], sqlite_where=parked, postgresql_where=parked
    )
