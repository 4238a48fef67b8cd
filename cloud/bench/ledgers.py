"""`hanma bench import`: a table of each register brought in as the office does it on the web.

seconds: from the table's bytes to the last committed row: kept sealed, judged, decided on, judged
again, written. changed_s: the same table once more, with one column of every row different.
cpu_s, changed_cpu_s: what of that was work of ours; the rest is disk, or a busy machine.
floor_s: plain SQLite takes the same rows with the same indexes, nothing judged, nothing sealed.
"""

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench.served import say
from cloud.cases import imports, kinds
from cloud.registry import people
from cloud.registry.ledgers import files, made_up
from cloud.registry.machines import Machine
from cloud.registry.people import Person

LIMIT_S = 60.0
_SEED = "import"
# Of each register: what the second table tells otherwise, and where its rows are kept.
_OTHERWISE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "enterprises": ("contact", "演示新联系人", ("enterprise",)),
    "sites": ("address", "演示路 2 号", ("site",)),
    "people": ("phone", "13900000000", ("person", "person_role")),
    "certificates": ("valid_to", "2033-01-04", ("certificate",)),
    "machines": ("keeper_phone", "13900000000", ("machine",)),
    "contracts": ("ends_on", "2028-10-31", ("contract",)),
    "cylinders": ("maker", "演示新厂", ("machine", "cylinder")),
    "maker": ("model", "ZX7-400", ("made_machine",)),
    "training": ("organiser", "演示新培训点", ("training",)),
    "dates": ("ends_on", "2027-03-20", ("office_date",)),
    "modules": ("sim_until", "2031-01-04", ("stock_item", "stock_move")),
    "survey": ("keeper", "演示新责任人", ("machine",)),
    "districts": ("name", "演示新社区", ("place",)),
}
# Machines are known by codes that they are given meanwhile; by what they are found again.
_CODED = {"machines": "serial", "survey": "note"}


def measure(
    rows: int, folder: Path | None, suffix: str, wanted: Iterable[str] = kinds.KINDS
) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if every table was in in time."""
    with tempfile.TemporaryDirectory(prefix="hanma-import-", dir=folder) as data:
        told = {kind: one for kind, one in _measured(Path(data), rows, suffix, wanted)}
    worst = max(told, key=lambda kind: max(told[kind]["seconds"], told[kind]["changed_s"]))
    seconds = max(told[worst]["seconds"], told[worst]["changed_s"])
    result = {"ok": seconds <= LIMIT_S, "rows": rows, "seconds": seconds, "limit_s": LIMIT_S}
    print(json.dumps(result | {"worst": worst, "registers": told}, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def _measured(
    data: Path, rows: int, suffix: str, wanted: Iterable[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    ground = Ground.open(Settings(data_dir=data))
    migrate(ground.engine)
    with ground.write() as unit:
        given = {"login": "desk", "district": "9901", "roles": {"office"}, "status": "active"}
        by = people.add(unit, name="演示经办人", **given)
    for kind in wanted:
        column, value, tables = _OTHERWISE[kind]
        marks = {table: _last_row(data / "hanma.db", table) for table in tables}
        table = _table(ground, kind, rows, suffix, lambda row: row)
        seconds, cpu_s = _brought(ground, by, kind, table, "new", rows)
        table = _table(ground, kind, rows, suffix, _otherwise(ground, kind, column, value))
        changed_s, changed_cpu_s = _brought(ground, by, kind, table, "changed", rows)
        told = {"seconds": seconds, "cpu_s": cpu_s, "changed_s": changed_s}
        told |= {"changed_cpu_s": changed_cpu_s, "floor_s": _floor(data, marks)}
        say(f"{kind:13} {json.dumps(told)}  limit {LIMIT_S} s")
        yield kind, told
    ground.close()


def _otherwise(
    ground: Ground, kind: str, column: str, value: str
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """From a row of the first table to one of the second."""
    codes: dict[str, str] = {}
    by = _CODED.get(kind, "")
    if by:
        with ground.read() as unit:
            codes = dict(unit.db.execute(select(getattr(Machine, by), Machine.code)).all())
    return lambda row: row | {column: value} | ({"code": codes[row[by]]} if codes else {})


def _table(
    ground: Ground,
    kind: str,
    rows: int,
    suffix: str,
    told: Callable[[dict[str, Any]], dict[str, Any]],
) -> tuple[str, bytes]:
    """A file's name and its bytes, as a spreadsheet program would hand them over."""
    path = ground.settings.data_dir / f"{kind}{suffix}"
    with ground.read() as unit:
        columns = kinds.ledger(unit, kind).columns
        made = map(told, made_up.rows(unit, kind, rows, random.Random(_SEED)))
        files.write(
            path,
            [one.zh for one in columns],
            ([one.shown(row[one.name]) for one in columns] for row in made),
        )
    return path.name, path.read_bytes()


def _brought(
    ground: Ground, by: Person, kind: str, table: tuple[str, bytes], what: str, rows: int
) -> tuple[float, float]:
    """Seconds until it is written, and of the processor; RuntimeError unless every row was
    `what`."""
    began, cpu = time.monotonic(), time.process_time()
    with ground.write() as unit:
        id = imports.keep(unit, by, kind, *table).id
    imports.judge(ground, id)
    with ground.write() as unit:
        run = imports.get(unit, id)
        if run is None or not imports.decide(unit, run, by, "all"):
            raise RuntimeError(f"{kind}: {run and (run.state, run.words, run.bad)}")
    imports.write(ground, id)
    took = round(time.monotonic() - began, 1), round(time.process_time() - cpu, 1)
    with ground.read() as unit:
        run = unit.db.get_one(imports.ImportRun, id)
        if (run.state, getattr(run, what)) != ("written", rows):
            raise RuntimeError(f"{kind}: {run.state}, {getattr(run, what)} of {rows} {what}")
    return took


def _last_row(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as db:
        (last,) = db.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()
    return int(last)


def _floor(data: Path, marks: dict[str, int]) -> float:
    """Seconds in which a bare SQLite file takes the rows behind these marks, in one commit."""
    took = 0.0
    with closing(sqlite3.connect(data / "hanma.db")) as db, closing(_bare(data)) as bare:
        for table, last in marks.items():
            schema = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN (?, ?)"
            for (sql,) in db.execute(schema, (table, "table", "index")).fetchall():
                if sql:
                    bare.execute(sql)
            rows = db.execute(f"SELECT * FROM {table} WHERE rowid > ?", (last,)).fetchall()
            places = ", ".join("?" * len(rows[0]))
            began = time.monotonic()
            bare.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
            bare.commit()
            took += time.monotonic() - began
    (data / "bare.db").unlink()
    return round(took, 1)


def _bare(data: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(data / "bare.db")
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    return bare
