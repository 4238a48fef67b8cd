"""Codes that machines wore before."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "old_label",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("until", WHOLE, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("replaced_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name="fk_old_label_machine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_old_label"),
        sa.UniqueConstraint("code", name="uq_old_label_code"),
    )
    op.create_index("ix_old_label_machine_id", "old_label", ["machine_id"])
