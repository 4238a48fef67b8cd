"""Waves of a campaign name a district each; an upgrade names its wave."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("upgrade", sa.Column("wave", WHOLE, server_default="0", nullable=False))
    op.drop_index("ix_upgrade_campaign", "upgrade")
    op.create_index("ix_upgrade_campaign", "upgrade", ["campaign", "wave", "state"])
    known = op.get_bind()
    # What went out before counts for the wave that runs: which it was, nobody has kept.
    known.execute(
        sa.text(
            "UPDATE upgrade SET wave = (SELECT wave FROM rollout WHERE id = campaign)"
            " WHERE campaign IN (SELECT id FROM rollout)"
        )
    )
    columns = "id, waves, wave, forgiven, made_at"
    for id, told, wave, forgiven, made_at in known.execute(
        sa.text(f"SELECT {columns} FROM rollout")
    ).all():
        waves = [
            {"began_at": 0, "district": "", "forgiven": 0, "meant": 0, "share": share}
            for share in json.loads(told)["percent"]
        ]
        if wave:
            waves[wave - 1] |= {"began_at": made_at, "forgiven": forgiven}
        text = json.dumps({"waves": waves}, sort_keys=True, separators=(",", ":"))
        known.execute(
            sa.text("UPDATE rollout SET waves = :waves WHERE id = :id"), {"waves": text, "id": id}
        )
    op.drop_column("rollout", "forgiven")
