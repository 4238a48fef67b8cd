"""Platforms that report for their enterprises (Way 2): keys, requests, what they reported."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def text(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def whole(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, WHOLE, nullable=nullable)


def to(table: str, of: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.create_table(
        "platform",
        *(text("id"), text("name"), text("networks"), text("status"), whole("made_at")),
        sa.PrimaryKeyConstraint("id", name="pk_platform"),
        sa.UniqueConstraint("name", name="uq_platform_name"),
    )
    op.create_table(
        "platform_enterprise",
        *(text("platform_id"), text("enterprise_id")),
        to("platform_enterprise", "platform", "platform_id"),
        to("platform_enterprise", "enterprise", "enterprise_id"),
        sa.PrimaryKeyConstraint("platform_id", "enterprise_id", name="pk_platform_enterprise"),
    )
    op.create_table(
        "platform_key",
        *(text("id"), text("platform_id"), text("secret_sealed"), whole("made_at")),
        *(whole("ends_at", nullable=True), whole("seen_at", nullable=True)),
        to("platform_key", "platform", "platform_id"),
        sa.PrimaryKeyConstraint("id", name="pk_platform_key"),
    )
    op.create_index("ix_platform_key_platform_id", "platform_key", ["platform_id"])
    op.create_table(
        "platform_visit",
        *(text("id"), text("platform_id"), whole("at")),
        sa.PrimaryKeyConstraint("id", name="pk_platform_visit"),
    )
    op.create_index("ix_platform_visit_at", "platform_visit", ["at"])
    op.create_index("ix_platform_visit_platform", "platform_visit", ["platform_id", "at"])
    op.create_table(
        "given_answer",
        *(text("owner"), text("key"), text("digest"), text("answer", nullable=True)),
        whole("made_at"),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_given_answer"),
    )
    op.create_index("ix_given_answer_made_at", "given_answer", ["made_at"])
    op.create_table(
        "reported_job",
        *(text("id"), text("platform_id"), text("number"), text("enterprise_id")),
        *(text("machine_id"), text("district"), text("state"), text("application")),
        *(text("watch", nullable=True), text("result", nullable=True), text("findings")),
        *(whole("applied_at"), whole("changed_at")),
        to("reported_job", "platform", "platform_id"),
        to("reported_job", "enterprise", "enterprise_id"),
        to("reported_job", "machine", "machine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reported_job"),
        sa.UniqueConstraint("platform_id", "number", name="uq_reported_job_platform_id_number"),
    )
    op.create_index("ix_reported_job_district", "reported_job", ["district"])
    op.create_index("ix_reported_job_platform", "reported_job", ["platform_id", "applied_at"])
    op.create_table(
        "reported_status",
        *(text("device"), text("platform_id"), sa.Column("online", sa.Boolean(), nullable=False)),
        *(whole("relay"), whole("at"), whole("arrived_at")),
        to("reported_status", "platform", "platform_id"),
        sa.PrimaryKeyConstraint("device", name="pk_reported_status"),
    )
    op.create_table(
        "reported_picture",
        *(text("platform_id"), text("digest")),
        to("reported_picture", "platform", "platform_id"),
        sa.PrimaryKeyConstraint("platform_id", "digest", name="pk_reported_picture"),
    )
