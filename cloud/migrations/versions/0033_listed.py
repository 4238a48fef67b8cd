"""Registers in the order of district and key, and who has a role."""

from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.drop_index("ix_enterprise_district", "enterprise")
    op.create_index("ix_enterprise_listed", "enterprise", ["district", "uscc"])
    op.drop_index("ix_person_district", "person")
    op.create_index("ix_person_listed", "person", ["district", "id"])
    op.create_index("ix_person_name", "person", ["name"])
    op.create_index("ix_person_role_held", "person_role", ["role", "person_id"])
    op.drop_index("ix_stock_item_state", "stock_item")
    op.create_index("ix_stock_item_listed", "stock_item", ["state", "chip"])
