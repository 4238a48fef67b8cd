"""Reports to a superior platform: the queue, and how the superior names our people."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "report",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "part", "subject")),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("place", "made_at")),
        sa.Column("next_at", WHOLE, nullable=True),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("sent_at", WHOLE, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
    )
    for name, column, where in (
        ("ix_report_due", "next_at", "next_at IS NOT NULL"),
        ("ix_report_unsent", "made_at", "sent_at IS NULL"),
    ):
        only = sa.text(where)
        op.create_index(name, "report", [column], sqlite_where=only, postgresql_where=only)
    op.create_index("ix_report_subject", "report", ["subject", "place"])
    op.create_table(
        "superior_id",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("person_id", "role", "id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_superior_id_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name="pk_superior_id"),
    )
