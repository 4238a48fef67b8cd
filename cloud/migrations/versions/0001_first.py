"""The first revision: every table, index and trigger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Audit rows are never changed: the database itself refuses (CQ art. 29).
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_row_no_{verb} BEFORE {verb} ON audit_row "
        "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_row_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$",
        "CREATE TRIGGER audit_row_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_row "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_row_refuse()",
    ],
}


def partial_index(
    name: str, table: str, columns: list[str], where: str, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("district", name="pk_audit_head"),
    )
    op.create_table(
        "audit_row",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_row"),
    )
    op.create_index("ix_audit_row_actor", "audit_row", ["actor"])
    op.create_index("ix_audit_row_at", "audit_row", ["at"])
    op.create_index("ix_audit_row_subject", "audit_row", ["subject"])
    op.create_table(
        "command",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=True),
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("born_at", WHOLE, nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("sent_at", WHOLE, nullable=True),
        sa.Column("answered_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_command"),
    )
    op.create_index("ix_command_device", "command", ["device", "name", "n"])
    partial_index("ix_command_open", "command", ["device"], "state IN ('made', 'sent')")
    op.create_table(
        "enterprise",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact_sealed", sa.Text(), nullable=False),
        sa.Column("exempt", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_enterprise"),
        sa.UniqueConstraint("uscc", name="uq_enterprise_uscc"),
    )
    op.create_index("ix_enterprise_district", "enterprise", ["district"])
    op.create_table(
        "event",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("left", sa.Text(), nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("next_at", WHOLE, nullable=False),
        sa.Column("done_at", WHOLE, nullable=True),
        sa.Column("parked_at", WHOLE, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )
    partial_index("ix_event_due", "event", ["id"], "done_at IS NULL AND parked_at IS NULL")
    op.create_table(
        "oddity",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oddity"),
    )
    op.create_index("ix_oddity_device", "oddity", ["device", "id"])
    op.create_table(
        "place",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_place"),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failure"),
    )
    op.create_index("ix_sign_in_failure_at", "sign_in_failure", ["at"])
    op.create_index("ix_sign_in_failure_attempt", "sign_in_failure", ["attempt"])
    op.create_index("ix_sign_in_failure_key", "sign_in_failure", ["key"])
    op.create_table(
        "terminal",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("fw", sa.Text(), nullable=False),
        sa.Column("hw", sa.Text(), nullable=False),
        sa.Column("imei", sa.Text(), nullable=False),
        sa.Column("iccid", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=True),
        sa.Column("left_epochs", sa.Text(), nullable=False),
        sa.Column("conn", WHOLE, nullable=True),
        sa.Column("login_at", WHOLE, nullable=True),
        sa.Column("up", WHOLE, nullable=True),
        sa.Column("up_at", WHOLE, nullable=False),
        sa.Column("up_fix", WHOLE, nullable=False),
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("told_at", WHOLE, nullable=False),
        sa.Column("seen_at", WHOLE, nullable=True),
        sa.Column("deadline", WHOLE, nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("relay", WHOLE, nullable=True),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("state_up", WHOLE, nullable=False),
        sa.Column("state_at", WHOLE, nullable=False),
        sa.Column("amps", WHOLE, nullable=True),
        sa.Column("arc", sa.Boolean(), nullable=False),
        sa.Column("rssi", WHOLE, nullable=True),
        sa.Column("beat_up", WHOLE, nullable=False),
        sa.Column("doubt", sa.Boolean(), nullable=False),
        sa.Column("odd", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("device", name="pk_terminal"),
    )
    partial_index("ix_terminal_deadline", "terminal", ["deadline"], "online")
    op.create_table(
        "machine",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("fitted_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_machine_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_machine"),
        sa.UniqueConstraint("code", name="uq_machine_code"),
        sa.UniqueConstraint("device", name="uq_machine_device"),
    )
    op.create_index("ix_machine_district", "machine", ["district"])
    op.create_index("ix_machine_enterprise_id", "machine", ["enterprise_id"])
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("phone_sealed", sa.Text(), nullable=False),
        sa.Column("phone_blind", sa.Text(), nullable=True),
        sa.Column("identity_sealed", sa.Text(), nullable=False),
        sa.Column("identity_blind", sa.Text(), nullable=True),
        sa.Column("enterprise_id", sa.Text(), nullable=True),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_person_enterprise_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("identity_blind", name="uq_person_identity_blind"),
        sa.UniqueConstraint("login", name="uq_person_login"),
    )
    op.create_index("ix_person_district", "person", ["district"])
    op.create_index("ix_person_enterprise_id", "person", ["enterprise_id"])
    op.create_index("ix_person_phone_blind", "person", ["phone_blind"])
    op.create_table(
        "account",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("changed_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_account"),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("number_sealed", sa.Text(), nullable=False),
        sa.Column("number_blind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_to", sa.Text(), nullable=False),
        sa.Column("review_by", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("checked_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_certificate_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_certificate"),
        sa.UniqueConstraint("issuer", "number_blind", name="uq_certificate_issuer_number_blind"),
    )
    op.create_index("ix_certificate_person_id", "certificate", ["person_id"])
    op.create_table(
        "permit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("window_from", WHOLE, nullable=False),
        sa.Column("window_to", WHOLE, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", WHOLE, nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name="fk_permit_approved_by"),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name="fk_permit_asked_by"),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name="fk_permit_enterprise_id"
        ),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name="fk_permit_machine_id"),
        sa.PrimaryKeyConstraint("id", name="pk_permit"),
    )
    op.create_index("ix_permit_window", "permit", ["enterprise_id", "window_to"])
    op.create_table(
        "person_role",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_person_role_person_id"),
        sa.PrimaryKeyConstraint("person_id", "role", name="pk_person_role"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_session_person_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"])
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("enterprise_id", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("welder_id", sa.Text(), nullable=False),
        sa.Column("fire_watch_id", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("work", sa.Text(), nullable=False),
        sa.Column("voucher", sa.Text(), nullable=False),
        sa.Column("permit_id", sa.Text(), nullable=True),
        sa.Column("ticks", sa.Text(), nullable=False),
        sa.Column("ten_rules_read", sa.Boolean(), nullable=False),
        sa.Column("welder_present", sa.Boolean(), nullable=False),
        sa.Column("watch_ticks", sa.Text(), nullable=False),
        sa.Column("fire_watch_present", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", WHOLE, nullable=False),
        sa.Column("due_at", WHOLE, nullable=True),
        sa.Column("applied_at", WHOLE, nullable=False),
        sa.Column("checked_at", WHOLE, nullable=True),
        sa.Column("watched_at", WHOLE, nullable=True),
        sa.Column("asked_at", WHOLE, nullable=True),
        sa.Column("asked_on_at", WHOLE, nullable=True),
        sa.Column("on_command", sa.Text(), nullable=True),
        sa.Column("lease_until", WHOLE, nullable=True),
        sa.Column("on_at", WHOLE, nullable=True),
        sa.Column("paused_at", WHOLE, nullable=True),
        sa.Column("ended_at", WHOLE, nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("off_asked_at", WHOLE, nullable=True),
        sa.Column("off_told_at", WHOLE, nullable=True),
        sa.Column("off_confirmed_at", WHOLE, nullable=True),
        sa.Column("off_alarm_at", WHOLE, nullable=True),
        sa.Column("cleared_at", WHOLE, nullable=True),
        sa.Column("clear_alarm_at", WHOLE, nullable=True),
        sa.Column("refusals", sa.Text(), nullable=False),
        sa.Column("refusal_values", sa.Text(), nullable=False),
        sa.Column("refused_to", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["enterprise_id"], ["enterprise.id"], name="fk_job_enterprise_id"),
        sa.ForeignKeyConstraint(["fire_watch_id"], ["person.id"], name="fk_job_fire_watch_id"),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name="fk_job_machine_id"),
        sa.ForeignKeyConstraint(["permit_id"], ["permit.id"], name="fk_job_permit_id"),
        sa.ForeignKeyConstraint(["welder_id"], ["person.id"], name="fk_job_welder_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    partial_index("ix_job_due", "job", ["due_at"], "due_at IS NOT NULL")
    op.create_index("ix_job_machine", "job", ["machine_id", "applied_at"])
    partial_index(
        "ix_job_terminal",
        "job",
        ["device"],
        "asked_at IS NOT NULL"
        " AND (state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')"
        " OR off_confirmed_at IS NULL"
        " OR off_told_at IS NULL)",
    )
    partial_index(
        "ux_job_open_fire_watch",
        "job",
        ["fire_watch_id"],
        "state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')",
        unique=True,
    )
    partial_index(
        "ux_job_open_machine",
        "job",
        ["machine_id"],
        "state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')",
        unique=True,
    )
    partial_index(
        "ux_job_open_welder",
        "job",
        ["welder_id"],
        "state IN ('applied', 'permitted', 'checked', 'watched', 'on', 'paused')",
        unique=True,
    )
    op.create_table(
        "presence_code",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("machine_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("tries", WHOLE, nullable=False),
        sa.Column("used_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_presence_code_job_id"),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machine.id"], name="fk_presence_code_machine_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_presence_code_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_presence_code"),
    )
    op.create_index(
        "ix_presence_code_who", "presence_code", ["person_id", "machine_id", "made_at"]
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
