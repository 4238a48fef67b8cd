"""Ledgers brought in by the office, and what was found in them."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    texts = ("id", "kind", "name", "by", "state", "mode", "words")
    numbers = ("made_at", "state_at", "rows", "new", "changed", "unchanged", "bad")
    op.create_table(
        "import_run",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, WHOLE, nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
    )
    op.create_index("ix_import_run_made_at", "import_run", ["made_at"])
    op.create_table(
        "import_finding",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("run_id", "what", "words")),
        sa.Column("line", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name="fk_import_finding_run_id"),
        sa.PrimaryKeyConstraint("run_id", "what", "line", name="pk_import_finding"),
    )
