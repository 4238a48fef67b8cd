"""Why somebody looked at a sealed field lies beside the trail, and goes with the person."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    op.create_table(
        "look_reason",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("id", "person_id", "why_sealed")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_look_reason"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_look_reason_person_id"),
    )
    op.create_index("ix_look_reason_person_id", "look_reason", ["person_id"])
