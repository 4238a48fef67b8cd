"""What is asked of a database meanwhile, whichever way it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

WORDS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@contextmanager
def statements(engine: Any) -> Iterator[list[str]]:
    """SQLite's own words, with values and all; of others what goes to the driver."""
    seen: list[str] = []
    traced: list[Any] = []

    def note(text: str) -> None:
        if text.startswith(WORDS):
            seen.append(text)

    def lent(dbapi: Any, *_: Any) -> None:
        dbapi.set_trace_callback(note)
        traced.append(dbapi)

    def told(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        note(text)

    name, hear = (
        ("checkout", lent) if engine.dialect.name == "sqlite" else ("before_cursor_execute", told)
    )
    event.listen(engine, name, hear)
    try:
        yield seen
    finally:
        event.remove(engine, name, hear)
        for dbapi in traced:
            dbapi.set_trace_callback(None)


def plans(engine: Any, seen: list[str]) -> list[str]:
    """How each is found, as SQLite plans it."""
    found = []
    with engine.connect() as connection:
        for text in seen:
            if not text.startswith("INSERT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
                found += [f"{row[3]}  <-  {text[:60]}" for row in rows]
    return found
