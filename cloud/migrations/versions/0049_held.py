"""Whose certificates of an issuer there are is found in an index alone."""

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.create_index("ix_certificate_held", "certificate", ["person_id", "issuer"])
    op.drop_index("ix_certificate_person_id", "certificate")
