"""`python -m cloud.migrations what changed`: write the next revision from the tables in the code.

What Alembic cannot see (triggers, data) is added to the new file by hand.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command

from cloud.base.database import make_engine, migrate, migrations


def main(message: str) -> None:
    """Compare the code's tables with those of the revisions so far, in a database thrown away."""
    number = len(list((Path(__file__).parent / "versions").glob("[0-9]*.py"))) + 1
    with TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/empty.db")
        migrate(engine)
        with engine.begin() as connection:
            config = migrations(connection)
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "tables")
