"""Face checks: who found that it is the welder, and the check that is open."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("job", sa.Column("face_by", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "face_check",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("asked_at", WHOLE),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_face_check_job_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_face_check"),
    )
