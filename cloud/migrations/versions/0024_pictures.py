"""Pictures of jobs, where they were taken, and what holds them beyond their time."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("media", sa.Column("lat", WHOLE))
    op.add_column("media", sa.Column("lng", WHOLE))
    op.create_table(
        "media_hold",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("digest", "reason", name="pk_media_hold"),
    )
    op.create_table(
        "job_picture",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_picture_job_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_job_picture_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job_picture"),
        sa.UniqueConstraint("digest", name="uq_job_picture_digest"),
    )
    op.create_index("ix_job_picture_job_id", "job_picture", ["job_id"])
    op.create_index("ix_alarm_job", "alarm", ["job_id"])
