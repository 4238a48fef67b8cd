"""Trainings, and the dates that the office sets."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    texts = ("id", "person_id", "kind", "held_on", "organiser")
    op.create_table(
        "training",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_training_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
    )
    op.create_index("ix_training_person", "training", ["person_id", "held_on"])
    texts = ("id", "kind", "name", "district", "starts_on", "ends_on")
    op.create_table(
        "office_date",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.PrimaryKeyConstraint("id", name="pk_office_date"),
    )
