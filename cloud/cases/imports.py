"""A ledger brought in by the office: kept sealed, judged, decided on, written whole or not at all.

    reading → judged → writing → written
    judged → cancelled; reading and writing → failed (with why)

The slow parts, `judge` and `write`, run outside of any page's request. Who dies in the middle
leaves nothing half done: the rows and the state that says so are one transaction. Between the look
and the writing the table is judged again; if that gives other counts, nothing is written and the
fresh report is shown.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import length_hint
from pathlib import Path, PurePath
from typing import Any, TypeVar

from sqlalchemy import ForeignKey, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, Change, ChangedMeanwhile
from cloud.base.files import put, put_once
from cloud.base.ids import new_id
from cloud.base.unit import Ground, Unit
from cloud.book import audit, outbox
from cloud.cases import kinds, underway
from cloud.cases.underway import Progress, Steps
from cloud.registry.ledgers import bring, files
from cloud.registry.ledgers.bring import Judged
from cloud.registry.ledgers.files import BadTable
from cloud.registry.ledgers.said import Said
from cloud.registry.people import Person

SUFFIXES = (".xlsx", ".csv", ".tsv")
MODES = ("all", "good")
BYTES_MAX = 40 << 20  # 100,000 machines with every column filled
KEPT_DAYS = 7  # then report and file are erased; the registers and the trail stay
_FOLDER, _PURPOSE, _ONE_BY_ONE = "imports", "import.file", "import.mark"
_EVERYWHERE = "system"  # the chain of what belongs to no district
_COUNTS = ("rows", "new", "changed", "unchanged", "bad")
_BATCH = 5000

# What is told of a row that was changed by a table of this kind: at these columns, or at any.
_MACHINE = frozenset({"enterprise_id", "industry", "test_by"})
_RESTS_ON: dict[str, dict[str, frozenset[str]]] = {
    "certificates": {"certificate-changed": frozenset()},
    "contracts": {"contract-changed": frozenset()},
    "people": {
        "roles-changed": frozenset({"roles"}),
        "person-moved": frozenset({"enterprise_id", "phone_blind"}),
    },
    "machines": {"machine-moved": _MACHINE, "machine-fitted": frozenset({"device"})},
    "cylinders": {"machine-moved": _MACHINE},
    "survey": {"machine-moved": _MACHINE},
}

_CHANGED = Said("导入前登记有变化，请再看一遍。", "The registers changed meanwhile; look again.")
_QUICKER = Said(
    "导入时有人登记或改了同样的内容，没有写入，请重新核对。",
    "Somebody was quicker with the same; nothing was written, have it judged again.",
)

T = TypeVar("T")


class BadUpload(ValueError):
    """`kind`, `suffix` or `size` is not one that can be taken."""


class ImportRun(Base):
    """One table. `by` = the person of the office; `mode` = all, or good rows only; `words` = why
    it failed or must be looked at again, for `in_language`."""

    __tablename__ = "import_run"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    by: Mapped[str]
    made_at: Mapped[int] = mapped_column(index=True)
    state: Mapped[str]
    state_at: Mapped[int]
    mode: Mapped[str]
    words: Mapped[str]
    rows: Mapped[int]
    new: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    bad: Mapped[int]


class ImportFinding(Base):
    """One row of the report: `what` = bad (why) or changed (which fields), for `in_language`."""

    __tablename__ = "import_finding"

    run_id: Mapped[str] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str]


def keep(unit: Unit, by: Person, kind: str, name: str, raw: bytes) -> ImportRun:
    """Take a table in, to be judged next; BadUpload."""
    suffix = PurePath(name).suffix.lower()
    if kind not in kinds.KINDS or suffix not in SUFFIXES or not 0 < len(raw) <= BYTES_MAX:
        raise BadUpload(f"{kind!r}, {suffix!r}, {len(raw)} bytes")
    counts = dict.fromkeys(_COUNTS, 0)
    run = ImportRun(
        id=new_id(), kind=kind, name=name, by=by.id, made_at=unit.now, mode="", words="", **counts
    )
    put(_file(unit, run), unit.keys.seal(raw, _PURPOSE).encode())
    _state(unit, run, "reading")
    unit.db.add(run)
    audit.write(unit, _EVERYWHERE, by.id, "import-uploaded", run.id, {"kind": kind})
    return run


def get(unit: Unit, run_id: str) -> ImportRun | None:
    """The run, held against other workers in a write unit."""
    return unit.db.get(ImportRun, run_id, populate_existing=True, with_for_update=True)


def latest(unit: Unit, limit: int = 20) -> list[ImportRun]:
    """The last ones, the latest first."""
    rows = select(ImportRun).order_by(ImportRun.made_at.desc(), ImportRun.id)
    return list(unit.db.scalars(rows.limit(limit)))


def count_waiting(unit: Unit) -> int:
    """How many were judged and wait for somebody to decide."""
    rows = select(func.count()).select_from(ImportRun).where(ImportRun.state == "judged")
    return unit.db.scalar(rows) or 0


def findings(
    unit: Unit, run_id: str, what: str, after: int = 0, limit: int = 100
) -> list[ImportFinding]:
    """Bad or changed rows in the order of the table, behind this line."""
    here = (ImportFinding.run_id == run_id, ImportFinding.what == what, ImportFinding.line > after)
    return list(
        unit.db.scalars(
            select(ImportFinding).where(*here).order_by(ImportFinding.line).limit(limit)
        )
    )


def in_language(words: str, english: bool) -> str:
    """A report's words as one reader sees them; those of before had both languages in one."""
    zh, _cut, en = words.partition("\n")
    return en if english and en else zh


def progress(unit: Unit, run_id: str) -> Progress | None:
    """How far whoever works on it has come, in whatever process; None if nobody does."""
    return underway.progress(_mark(unit.settings.data_dir, run_id))


def judge(ground: Ground, run_id: str) -> None:
    """Read and judge the whole table; nothing of the registers is written."""
    with _working(ground, run_id) as steps:
        judged = _judged(ground, run_id, "reading", steps)
        if judged is not None:
            with ground.write() as unit:
                _report(unit, unit.db.get_one(ImportRun, run_id), judged)


def decide(unit: Unit, run: ImportRun, by: Person, mode: str) -> bool:
    """Have it written: all, or the good rows only; False where that cannot be done now."""
    wanted = run.state == "judged" and run.new + run.changed > 0
    if mode not in MODES or not wanted or (mode == "all" and run.bad):
        return False
    run.mode, run.words = mode, ""
    _state(unit, run, "writing")
    audit.write(unit, _EVERYWHERE, by.id, "import-decided", run.id, {"mode": mode})
    return True


def again(unit: Unit, run: ImportRun) -> bool:
    """Judge it anew after whoever worked on it died; False while it is being worked on."""
    if run.state not in ("reading", "writing") or progress(unit, run.id) is not None:
        return False
    _state(unit, run, "reading")
    return True


def cancel(unit: Unit, run: ImportRun) -> bool:
    """Give it up; its file goes at once."""
    if run.state not in ("reading", "judged", "failed") or progress(unit, run.id) is not None:
        return False
    _state(unit, run, "cancelled")
    _erase(unit, run)
    return True


def write(ground: Ground, run_id: str) -> None:
    """Judge it again and write it, in one transaction with its state."""
    with _working(ground, run_id) as steps, writing(ground):
        judged = _judged(ground, run_id, "writing", steps)
        if judged is None:
            return
        try:
            with ground.write() as unit:
                run = unit.db.get_one(ImportRun, run_id)
                if judged.counts != {name: getattr(run, name) for name in _COUNTS}:
                    _report(unit, run, judged, _kept(_CHANGED))
                    return
                steps.begin(judged.to_write)
                written(unit, run.kind, judged, run.by, steps.add)
                _state(unit, run, "written")
                _erase(unit, run)
        except (IntegrityError, ChangedMeanwhile):
            _fail(ground, run_id, _QUICKER)


@contextmanager
def writing(ground: Ground) -> Iterator[None]:
    """Alone among all who bring a table in, from the last look at it until it is written: else
    the same one, brought in by two at once, were new to both."""
    mark = ground.settings.data_dir / _ONE_BY_ONE
    if not mark.exists():
        put_once(mark, b"")
    with underway.work(mark):
        yield


def written(unit: Unit, kind: str, judged: Judged, by: str, say: Callable[[int], None]) -> int:
    """Write what is good of a judged table, note it in the trail and tell of it; how many rows."""
    done = 0
    for so_far in bring.write(unit, judged):
        say(so_far - done)
        done = so_far
    told = {"rows": done, "new": len(judged.good), "changed": len(judged.changed)}
    audit.write(unit, _EVERYWHERE, by, "imported", kind, told)
    outbox.tell_many(unit, (one for row in judged.changed for one in _of_change(kind, row.change)))
    outbox.tell_many(unit, _of_new(judged.good if kind == "machines" else ()))
    return done


def forget(unit: Unit, before: int, limit: int) -> int:
    """Erase runs that were made before, with their reports and files; how many."""
    old = select(ImportRun).where(ImportRun.made_at < before).order_by(ImportRun.made_at)
    runs = list(unit.db.scalars(old.limit(limit)))
    for run in runs:
        _erase(unit, run)
        unit.db.execute(delete(ImportFinding).where(ImportFinding.run_id == run.id))
        unit.db.delete(run)
    return len(runs)


@contextmanager
def _working(ground: Ground, run_id: str) -> Iterator[Steps]:
    """Alone at this run, whose counts change for nobody else meanwhile; what turns out to be no
    table fails it."""
    with underway.work(_mark(ground.settings.data_dir, run_id)) as steps:
        try:
            yield steps
        except BadTable as error:
            _fail(ground, run_id, error.said)


def _judged(ground: Ground, run_id: str, state: str, steps: Steps) -> Judged | None:
    """The table against the registers as they are; None unless the run stands so. BadTable."""
    with ground.read() as unit:
        run = unit.db.get(ImportRun, run_id)
        if run is None or run.state != state:
            return None
        raw = unit.keys.open(_file(unit, run).read_text(), _PURPOSE)
        lines = files.lines(raw, PurePath(run.name).suffix)
        steps.begin(length_hint(lines))
        return bring.judge(unit, kinds.ledger(unit, run.kind), _counted(lines, steps))


def _report(unit: Unit, run: ImportRun, judged: Judged, words: str = "") -> None:
    unit.db.execute(delete(ImportFinding).where(ImportFinding.run_id == run.id))
    rows = [("bad", one.line, _kept(*one.reasons)) for one in judged.bad]
    rows += [("changed", one.line, _kept(*one.fields, cut=("、", ", "))) for one in judged.changed]
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        names = ("what", "line", "words")
        made = [{"run_id": run.id} | dict(zip(names, row, strict=True)) for row in some]
        unit.db.execute(insert(ImportFinding), made)
    for name, count in judged.counts.items():
        setattr(run, name, count)
    run.words = words
    _state(unit, run, "judged")


_Event = tuple[str, str, dict[str, Any]]


def _of_change(kind: str, change: Change) -> Iterator[_Event]:
    """A job that rested on what a row said before may have to end."""
    held = change.was.get("person_id") if kind == "certificates" else None  # somebody else's now
    for what, columns in _RESTS_ON.get(kind, {}).items():
        if not columns or columns & change.columns.keys():
            yield what, change.id, {"person": held} if held else {}


def _of_new(rows: Iterable[dict[str, Any]]) -> Iterator[_Event]:
    """A machine that may not be used, and has its terminal already: that is to be locked."""
    for row in rows:
        if row["device"] and row["status"] != "usable":
            yield "machine-fitted", row["id"], {}


def _kept(*said: Said, cut: tuple[str, str] = ("", " ")) -> str:
    """What `in_language` takes apart again."""
    zh, en = cut[0].join(one.zh for one in said), cut[1].join(one.en for one in said)
    return f"{zh}\n{en}"


def _fail(ground: Ground, run_id: str, why: Said) -> None:
    with ground.write() as unit:
        run = unit.db.get_one(ImportRun, run_id)
        run.words = _kept(why)
        _state(unit, run, "failed")


def _state(unit: Unit, run: ImportRun, state: str) -> None:
    run.state, run.state_at = state, unit.now


def _counted(rows: Iterable[T], steps: Steps) -> Iterator[T]:
    for row in rows:
        steps.add(1)
        yield row


def _file(unit: Unit, run: ImportRun) -> Path:
    return unit.settings.data_dir / _FOLDER / f"{run.id}.sealed"


def _mark(data_dir: Path, run_id: str) -> Path:
    return data_dir / _FOLDER / f"{run_id}.mark"


def _erase(unit: Unit, run: ImportRun) -> None:
    """Once what becomes of it is durable."""
    for path in (_file(unit, run), _mark(unit.settings.data_dir, run.id)):
        unit.after(partial(path.unlink, missing_ok=True))
