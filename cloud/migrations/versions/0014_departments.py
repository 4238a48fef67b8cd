"""Departments, the officers posted to them, and whose trade a case is."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "department",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trades", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_department"),
    )
    op.create_table(
        "posting",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_posting_person_id"),
        sa.ForeignKeyConstraint(["department"], ["department.code"], name="fk_posting_department"),
        sa.PrimaryKeyConstraint("person_id", name="pk_posting"),
    )
    op.create_index("ix_posting_department", "posting", ["department"])
    for name in ("trade", "department"):
        text = sa.Column(name, sa.Text(), server_default="", nullable=False)
        op.add_column("alarm", text)
    op.execute(
        "UPDATE alarm SET trade = coalesce("
        "(SELECT industry FROM machine WHERE machine.id = alarm.machine_id), '')"
    )
