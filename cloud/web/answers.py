"""Answers that are no page: JSON with an ETag for the page's own script and other programs (304
when unchanged), and tables as files."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from flask import Response, jsonify, request

from cloud.base.database import canonical
from cloud.registry.ledgers import files

TABLES = {"xlsx": files.XLSX, "csv": "text/csv; charset=utf-8"}


def etag(shown: dict[str, Any]) -> str:
    """A short digest of what is shown; the page carries it, so its first poll is a 304."""
    return hashlib.sha256(canonical(shown).encode()).hexdigest()[:24]


def unless_known(shown: dict[str, Any]) -> Response:
    """The JSON under its ETag; an empty 304 for who has it already."""
    response = jsonify(shown)
    response.set_etag(etag(shown))
    return response.make_conditional(request)


def table(name: str, kind: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A ledger or a form as a file to keep; `kind` = one of TABLES."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{kind}"
        files.write(path, heading, rows)
        answer = Response(path.read_bytes(), content_type=TABLES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer
