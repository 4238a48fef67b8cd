"""A register as a CSV file that the office lays beside the database; read again when it changed.

Heading: number, identity, category, valid_from, valid_to, review_by, status.
"""

import csv
import threading
from pathlib import Path

from cloud.base.breaker import SourceDown
from cloud.registry.issuers import Entry, Question

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
            except (OSError, UnicodeDecodeError, csv.Error, TypeError) as error:
                raise SourceDown(type(error).__name__) from None
            return self._rows.get((question.number, question.identity))

    def _read_if_changed(self) -> None:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp == self._stamp:
            return
        with self._path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= _WANTED:
                raise csv.Error("the heading lacks columns")
            self._rows = {
                (row["number"], row["identity"]): Entry(
                    row["category"],
                    row["valid_from"],
                    row["valid_to"],
                    row.get("review_by") or "",
                    row.get("status") or "normal",
                )
                for row in reader
            }
        self._stamp = stamp
