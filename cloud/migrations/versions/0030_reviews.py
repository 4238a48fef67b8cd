"""Reviews of pictures in key zones, and the venue's code."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    texts = ("job_id", "words", "judged_by", "code", "scanned_by")
    numbers = {"refused": False, "tries": False, "passed_at": True, "code_until": True}
    op.create_table(
        "review",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, WHOLE, nullable=empty) for name, empty in numbers.items()),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_review_job_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_review"),
    )
