"""People of one name in the order of the register: thousands may have it."""

from alembic import op

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    op.create_index("ix_person_named", "person", ["name", "district", "id"])
    op.drop_index("ix_person_name", "person")
