"""Gas cylinders, and the further ones of a job."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    kind = sa.Column("kind", sa.Text(), server_default="machine", nullable=False)
    op.add_column("machine", kind)
    op.create_table(
        "cylinder",
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("machine_id", "number", "gas", "test_by")
        ),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name="fk_cylinder_machine_id"),
        sa.PrimaryKeyConstraint("machine_id", name="pk_cylinder"),
        sa.UniqueConstraint("number", name="uq_cylinder_number"),
    )
    op.create_table(
        "job_cylinder",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("job_id", "machine_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_cylinder_job_id"),
        sa.ForeignKeyConstraint(["machine_id"], ["machine.id"], name="fk_job_cylinder_machine_id"),
        sa.PrimaryKeyConstraint("job_id", "machine_id", name="pk_job_cylinder"),
    )
    op.create_index("ix_job_cylinder_machine_id", "job_cylinder", ["machine_id"])
