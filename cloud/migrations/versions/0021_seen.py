"""Indexes for the lists of a whole province."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    seen = ("district", "industry", "status")
    op.drop_index("ix_machine_district", "machine")
    op.create_index("ix_machine_seen", "machine", [*seen, "device"])
    op.create_index("ix_machine_code_seen", "machine", ["code", *seen, "id"])
    false = "0" if op.get_bind().dialect.name == "sqlite" else "false"
    _partial("ix_person_pending", "person", ["made_at", "id"], "status = 'pending'")
    _partial(
        "ix_certificate_waiting",
        "certificate",
        ["checked_at", "id"],
        f"known IS {false} AND answered_at IS NULL",
    )


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
