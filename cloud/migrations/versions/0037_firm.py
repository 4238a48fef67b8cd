"""What a permit is for and how it ended, who used a release, what an enterprise answered; and the
lists of one's own jobs and of an enterprise's."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN_JOB = "state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')"


def upgrade() -> None:
    for name in ("site", "work", "ended_why"):
        op.add_column("permit", text(name))
    op.add_column("permit", sa.Column("ended_by", sa.Text(), nullable=True))
    op.add_column("permit", sa.Column("ended_at", WHOLE, nullable=True))
    op.create_index("ix_permit_asked", "permit", ["enterprise_id", "asked_at"])
    op.create_index("ix_permit_asker", "permit", ["asked_by", "asked_at"])
    for part in ("enterprise", "contract", "permit"):
        partial(f"ix_job_open_{part}", "job", [f"{part}_id"], OPEN_JOB)
    for part in ("welder", "fire_watch"):
        op.create_index(f"ix_job_{part}", "job", [f"{part}_id", "applied_at"])
    op.add_column("alarm", sa.Column("answered_at", WHOLE, nullable=True))
    for name in ("answered_by", "answered_words"):
        op.add_column("alarm", text(name))
    partial("ix_alarm_open_machine", "alarm", ["machine_id"], "closed_at IS NULL")
    releases()


def releases() -> None:
    texts = ("id", "device", "log", "machine_id", "enterprise_id", "district")
    op.create_table(
        "emergency_release",
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("seq", "heard_at")),
        *(sa.Column(name, WHOLE, nullable=True) for name in ("began_at", "ended_at", "named_at")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("person_id", "named_by")),
        text("why"),
        sa.PrimaryKeyConstraint("id", name="pk_emergency_release"),
        sa.UniqueConstraint("device", "log", "seq", name="uq_emergency_release_device_log_seq"),
    )
    heard = ["enterprise_id", "heard_at"]
    partial("ix_emergency_release_unnamed", "emergency_release", heard, "person_id IS NULL")
    op.create_index("ix_emergency_release_heard", "emergency_release", heard)
    op.create_index(
        "ix_emergency_release_machine", "emergency_release", ["machine_id", "heard_at"]
    )


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
