"""Contracts of outside welders and the briefings under them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# SQLite counts up only a primary key that is spelled INTEGER.
WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contract",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("contractor_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "starts_on", "ends_on", "digest", "reference")
        ),
        sa.Column("made_at", WHOLE, nullable=False),
        sa.Column("ended_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["enterprise.id"], name="fk_contract_client_id"),
        sa.ForeignKeyConstraint(
            ["contractor_id"], ["enterprise.id"], name="fk_contract_contractor_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_contract_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contract"),
    )
    for name in ("client_id", "contractor_id", "person_id"):
        op.create_index(f"ix_contract_{name}", "contract", [name])
    op.create_table(
        "briefing",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", WHOLE, nullable=False),
        sa.Column("risks", sa.Text(), nullable=False),
        sa.Column("confirmed_at", WHOLE, nullable=True),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name="fk_briefing_contract_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_briefing_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_briefing"),
        sa.UniqueConstraint("contract_id", "person_id", name="uq_briefing_contract_id_person_id"),
    )
    op.create_index("ix_briefing_person", "briefing", ["person_id"])
    op.add_column("job", sa.Column("contract_id", sa.Text(), nullable=True))
