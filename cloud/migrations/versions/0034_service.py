"""Records of technicians, and their function tests."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "service_record",
        *(_text(name) for name in ("id", "kind", "machine_id", "technician_id", "document")),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("finished_at", WHOLE, nullable=True),
        _named("machine_id", "machine"),
        _named("technician_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_service_record"),
    )
    for name in ("machine_id", "technician_id"):
        op.create_index(f"ix_service_record_{name}", "service_record", [name])
    op.create_table(
        "service_entry",
        *(_text(name) for name in ("record_id", "what")),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("seq", "at")),
        sa.Column("told", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["service_record.id"], name="fk_service_entry_record_id"
        ),
        sa.PrimaryKeyConstraint("record_id", "seq", name="pk_service_entry"),
    )
    op.create_table(
        "function_test",
        *(_text(name) for name in ("id", "record_id", "device", "machine_id")),
        *(_text(name) for name in ("person_id", "word")),
        *(sa.Column(name, WHOLE, nullable=False) for name in ("asked_at", "amps")),
        *(sa.Column(name, WHOLE, nullable=True) for name in ("on_at", "off_asked_at", "off_at")),
        sa.PrimaryKeyConstraint("id", name="pk_function_test"),
    )
    for name in ("record_id", "device"):
        op.create_index(f"ix_function_test_{name}", "function_test", [name])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _named(column: str, table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_service_record_{column}"
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=name)
