"""SQLite's INSERT OR REPLACE cannot put another row in the place of an audit row either."""

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_row_no_REPLACE BEFORE INSERT ON audit_row WHEN EXISTS "
            "(SELECT 1 FROM audit_row WHERE id = NEW.id OR rowid = NEW.rowid) "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END"
        )
