"""The evidence file: one SQLite database, signed, checked with nothing but the key's fingerprint.

Every table has a digest in the manifest, the manifest is signed with the platform's key. A row is
canonical JSON (bytes as their SHA-256), a table the sorted lines of its rows.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlite_utils

from cloud.base import signing
from cloud.base.database import canonical
from cloud.base.signing import Signer
from cloud.book import checkpoints
from cloud.book.audit import GENESIS, link, link_of
from cloud.book.checkpoints import BadCheckpoint

PURPOSE = "evidence"
SIGNATURE = "signature"

Row = Mapping[str, Any]
Tables = Mapping[str, list[dict[str, Any]]]


@dataclass
class Verdict:
    """`wrong` = what does not hold, as `word` or `word:which`; `rows` by table."""

    wrong: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


def write(path: Path, tables: Tables, signer: Signer) -> None:
    """A new file; FileExistsError if there is one. Values: int, str, bytes or None."""
    with path.open("xb"):
        os.chmod(path, 0o600)
    try:
        with closing(sqlite3.connect(path)) as connection:
            _fill(sqlite_utils.Database(connection), tables, signer)
    except BaseException:
        path.unlink()
        raise


def verify(path: Path, fingerprint: str) -> Verdict:
    """Judge a file by itself; `fingerprint` = the platform key's, got apart from the file."""
    verdict = Verdict()
    try:
        address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA trusted_schema=OFF")
            _judge(connection, "".join(fingerprint.split()).replace(":", "").lower(), verdict)
    except (sqlite3.Error, LookupError, TypeError, ValueError, AttributeError, OSError):
        verdict.wrong.append("not-evidence")
    return verdict


def _fill(file: sqlite_utils.Database, tables: Tables, signer: Signer) -> None:
    for name, rows in tables.items():
        if rows:
            file.table(name).create({column: _kind(rows, column) for column in rows[0]})
            file.table(name).insert_all(rows)
    manifest = canonical({name: _summed(rows) for name, rows in tables.items()})
    signed = {
        "manifest": manifest,
        "public": signer.public,
        "signature": signer.sign(PURPOSE, manifest),
        "succession": canonical(signer.told),
    }
    file.table(SIGNATURE).insert(signed)


def _kind(rows: Iterable[Row], column: str) -> type:
    kinds = {type(row[column]) for row in rows} - {type(None)}
    return kinds.pop() if len(kinds) == 1 else str


def _summed(rows: Iterable[Row]) -> dict[str, Any]:
    lines = sorted(canonical({key: _shown(value) for key, value in row.items()}) for row in rows)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {"rows": len(lines), "sha256": digest}


def _shown(value: Any) -> Any:
    return {"sha256": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes) else value


def _judge(connection: sqlite3.Connection, fingerprint: str, verdict: Verdict) -> None:
    (signed,) = connection.execute(f"SELECT * FROM {SIGNATURE}").fetchall()
    public, manifest = signed["public"], signed["manifest"]
    if signing.fingerprint_of(public) != fingerprint:
        verdict.wrong.append("key")
    if not signing.good(public, PURPOSE, manifest, signed["signature"]):
        verdict.wrong.append("signature")
    tables = _tables(connection, json.loads(manifest), verdict)
    verdict.about = dict(tables["about"][0])
    told = json.loads(signed["succession"]) if "succession" in signed.keys() else []  # noqa: SIM118
    verdict.wrong += _wrong_chain(tables, public, signing.earlier(public, told))
    for row in tables["picture"]:
        if hashlib.sha256(row["content"]).hexdigest() != row["digest"]:
            verdict.wrong.append(f"picture:{row['digest']}")


def _tables(
    connection: sqlite3.Connection, told: dict[str, Any], verdict: Verdict
) -> dict[str, list[Row]]:
    """All rows by table; what differs from the manifest goes into the verdict."""
    there = {row["name"]: row["type"] for row in connection.execute("SELECT * FROM sqlite_master")}
    found: dict[str, list[Row]] = {}
    for name in sorted({*there, *told} - {SIGNATURE}):
        known = there.get(name) == "table" and name in told
        quoted = name.replace('"', '""')
        rows = connection.execute(f'SELECT * FROM "{quoted}"').fetchall() if known else []
        found[name] = [dict(row) for row in rows]
        if name not in told or _summed(found[name]) != told[name]:
            verdict.wrong.append(f"table:{name}")
        verdict.rows[name] = len(rows)
    return found


def _wrong_chain(
    tables: dict[str, list[Row]], public: str, earlier: Mapping[str, int]
) -> list[str]:
    """The audit rows against the links, the links against each other and a signed checkpoint."""
    wrong, signed = [], {}
    for kept in tables["checkpoint"]:
        try:
            one = checkpoints.read(kept["text"])
        except BadCheckpoint:
            one = None
        if one is None or (one.public != public and one.at > earlier.get(one.public, -1)):
            wrong.append(f"checkpoint:{kept['number']}")
            continue
        signed |= {(name, seq): link for name, (seq, link) in one.heads.items()}
    hashes = {(row["district"], row["seq"]): row["hash"] for row in tables["audit_link"]}
    for row in tables["audit_link"]:
        place = (row["district"], row["seq"])
        follows = link_of(row["previous"], row["body_sha256"]) == row["hash"]
        before = GENESIS if row["seq"] == 1 else hashes.get((row["district"], row["seq"] - 1))
        joined = before in (None, row["previous"])
        last = (row["district"], row["seq"] + 1) not in hashes
        if not follows or not joined or (last and signed.get(place) != row["hash"]):
            wrong.append(f"audit:{row['district']}:{row['seq']}")
    for row in tables["audit_row"]:
        said = dict(row) | {"details": json.loads(row["details"])}
        place = (row["district"], row["seq"])
        if link(row["previous"], said) != row["hash"] or hashes.get(place) != row["hash"]:
            wrong.append(f"audit:{row['district']}:{row['seq']}")
    return wrong
