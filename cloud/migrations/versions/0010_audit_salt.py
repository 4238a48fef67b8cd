"""Salts of the audit trail's personal commitments; they go with the person."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "audit_salt",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("salt_sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
            name="fk_audit_salt_person_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_audit_salt"),
    )
