"""A cylinder is no machine, and is left out where those are counted; installations by time."""

from alembic import op

revision = "0058"
down_revision = "0057"

_MACHINES = {
    "ix_machine_seen": ["district", "industry", "status", "device", "kind"],
    "ix_machine_code_seen": ["code", "district", "industry", "status", "id", "kind"],
}


def upgrade() -> None:
    for name, columns in _MACHINES.items():
        op.drop_index(name, "machine")
        op.create_index(name, "machine", columns)
    op.create_index("ix_service_record_made", "service_record", ["made_at", "id"])
