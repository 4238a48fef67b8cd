"""A register as a table that the office lays beside the database; read again when it changed.

Heading: number, identity, category, valid_from, valid_to, review_by, status. Encodings, dates and
numbers may be written as the ledgers' tables may (registry/ledgers).
"""

import threading
from pathlib import Path

from cloud.base.breaker import SourceDown
from cloud.base.formats import plain
from cloud.registry.issuers import Entry, Question
from cloud.registry.ledgers import fields, files

_WANTED = {"number", "identity", "category", "valid_from", "valid_to"}


class RegisterFile:
    """Looks certificates up in a file; SourceDown while it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._rows: dict[tuple[str, str], Entry] = {}

    def __call__(self, question: Question) -> Entry | None:
        with self._lock:
            try:
                self._read_if_changed()
            except (OSError, files.BadTable) as error:
                raise SourceDown(type(error).__name__) from None
            return self._rows.get((question.number, question.identity))

    def _read_if_changed(self) -> None:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp == self._stamp:
            return
        table = files.read(self._path)
        if not set(table.names) >= _WANTED:
            raise files.BadTable("表头缺少列。", "The heading lacks columns.")
        self._rows = {_whose(row): _entry(row) for _number, row in table}
        self._stamp = stamp


def _whose(row: dict[str, str]) -> tuple[str, str]:
    return row["number"], plain(row["identity"])


def _entry(row: dict[str, str]) -> Entry:
    """What cannot be is left as it stands: whoever asks for it takes it for no answer."""
    days = (_day(row.get(name, "")) for name in ("valid_from", "valid_to", "review_by"))
    return Entry(row["category"], *days, row.get("status") or "normal")


def _day(text: str) -> str:
    try:
        return fields.day(text) if text else ""
    except fields.BadField:
        return text
