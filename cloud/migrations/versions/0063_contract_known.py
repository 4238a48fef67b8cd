"""A client's contracts are found by their references: a large table asks for each of its rows."""

from alembic import op

revision = "0063"
down_revision = "0062"


def upgrade() -> None:
    op.create_index("ix_contract_known", "contract", ["client_id", "reference"])
    op.drop_index("ix_contract_client_id", "contract")
