"""The terminals' journals (protocol page, section 3), whichever way they came: line or phone.

An entry is kept once by (device, log, seq), in any order and however often it comes. `stored`
tells the terminal up to where nothing is missing: it may forget only that. A hole that stays is
asked for with the command `journal {from}`; what three obeyed askings do not bring is lost, and
the book says so. A batch with `from` and `to` is all that is left of them: what it does not hold
is no hole. Events: `journal-{kind}` for the kinds in TOLD, `journal-lost`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, func, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, canonical
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import commands, terminals, wire
from cloud.link.commands import Command, TerminalDark
from cloud.link.strangers import text, whole
from cloud.link.terminals import Terminal

TOLD = (
    *("on", "off", "refuse", "emergency_on", "emergency_off"),
    *("alarm", "alarm_clear", "update", "lock", "gap"),
)
ENTRIES_MAX = 500
PATIENCE_MS = 20_000  # batches overtake each other; only a hole that stays is asked for
ASK_AGAIN_MS = 60_000
ASKED_ENOUGH = 3
_DETAILS_MAX = 1000
_OWN = ("log", "seq", "boot", "at", "up", "kind")
_HELD = 2000  # of what lies above a hole is looked at, at once


class JournalEntry(Base):
    """One entry. `at` = epoch ms, None = not known; `at_told` = by the terminal, else reckoned
    from another entry of the same boot. `gap_to`: this entry stands for all up to there."""

    __tablename__ = "journal_entry"

    device: Mapped[str] = mapped_column(primary_key=True)
    log: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    boot: Mapped[int]
    up: Mapped[int]
    at: Mapped[int | None]
    at_told: Mapped[bool]
    kind: Mapped[str]
    job: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    via: Mapped[str]
    arrived_at: Mapped[int]
    gap_from: Mapped[int | None]
    gap_to: Mapped[int | None]


class JournalLog(Base):
    """How far one journal is here. `to` = last seq without a hole below it, `last` = highest.

    `ask_at` = when to ask for a hole, None = there is none; `lost` = [[from, to], …] given up.
    """

    __tablename__ = "journal_log"

    device: Mapped[str] = mapped_column(primary_key=True)
    log: Mapped[str] = mapped_column(primary_key=True)
    to: Mapped[int]
    last: Mapped[int]
    ask_at: Mapped[int | None]
    ask_command: Mapped[str | None]
    asked: Mapped[int]
    lost: Mapped[dict[str, Any]]
    heard_at: Mapped[int]


def _index(name: str, *columns: Any, where: str) -> Index:
    condition = literal_column(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


_index("ix_journal_entry_gap", JournalEntry.device, JournalEntry.log, where="gap_to IS NOT NULL")
_index("ix_journal_log_ask", JournalLog.ask_at, where="ask_at IS NOT NULL")
_index("ix_journal_entry_job", JournalEntry.job, where="job IS NOT NULL")
Index("ix_journal_entry_boot", JournalEntry.device, JournalEntry.log, JournalEntry.boot)


@dataclass(frozen=True)
class Taken:
    """What became of a batch: `word` = journal | bad-mac | journal-form; `stored` = the answer
    for the terminal, {log, to, mac}, None unless the word is `journal`."""

    word: str
    stored: dict[str, Any] | None = None


def take(unit: Unit, row: Terminal, paras: dict[str, Any], via: str) -> Taken:
    """Keep a batch `{log, from, to, entries, mac}`; `via` = line | phone. Idempotent."""
    log, entries = text(paras, "log"), paras.get("entries")
    if not log or not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
        return Taken("journal-form")
    span = (whole(paras, "from", 1), whole(paras, "to", 1)) if "from" in paras else (1, 0)
    if None in span:
        return Taken("journal-form")
    secret = terminals.opened(unit, row)
    if row.signed and not wire.good_entries(secret, row.device, paras):
        return Taken("bad-mac")
    fresh = _fresh(unit, row.device, log, [one for one in entries if isinstance(one, dict)])
    for said in fresh:
        unit.db.add(_entry(row.device, log, said, via, unit.now, "from" in paras))
    unit.db.flush()
    _fill_times(unit, row.device, log, {_number(one, "boot") for one in fresh})
    head = _headed(unit, row.device, log, fresh, span)
    for said in sorted(fresh, key=lambda one: one["seq"]):
        _tell(unit, row.device, log, said["seq"])
    return Taken("journal", stored(unit, row, head))


def stored(unit: Unit, row: Terminal, head: JournalLog) -> dict[str, Any]:
    """What the terminal is told: it may forget up to `to`."""
    mac = wire.mac(terminals.opened(unit, row), "command", row.device, "stored", head.log, head.to)
    return {"log": head.log, "to": head.to, "mac": mac}


def logs(unit: Unit, device: str) -> list[JournalLog]:
    """The journals of one terminal, the latest first."""
    rows = select(JournalLog).where(JournalLog.device == device)
    return list(unit.db.scalars(rows.order_by(JournalLog.heard_at.desc(), JournalLog.log)))


def entries(unit: Unit, device: str, log: str, above: int = 0) -> list[JournalEntry]:
    """The entries of one journal with a number above `above`, in order."""
    rows = select(JournalEntry).where(
        JournalEntry.device == device, JournalEntry.log == log, JournalEntry.seq > above
    )
    return list(unit.db.scalars(rows.order_by(JournalEntry.seq)))


def last_switch(unit: Unit, device: str, job: str) -> JournalEntry | None:
    """The latest entry of this terminal that says `on` or `off` for this job."""
    rows = select(JournalEntry).where(
        JournalEntry.job == job,
        JournalEntry.device == device,
        JournalEntry.kind.in_(("on", "off")),
    )
    latest = rows.order_by(JournalEntry.boot.desc(), JournalEntry.seq.desc())
    return unit.db.scalar(latest.limit(1))


def sweep(unit: Unit) -> int:
    """Ask for the holes whose time has come; how many. Safe with many workers."""
    due = select(JournalLog).where(JournalLog.ask_at.is_not(None), JournalLog.ask_at <= unit.now)
    rows = due.order_by(JournalLog.ask_at).limit(100).with_for_update(skip_locked=True)
    heads = list(unit.db.scalars(rows, execution_options={"populate_existing": True}))
    for head in heads:
        _ask(unit, head)
    return len(heads)


# --- keeping ------------------------------------------------------------------------------------


def _fresh(
    unit: Unit, device: str, log: str, said: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The entries of this log that are not here yet, each once."""
    mine: dict[int, dict[str, Any]] = {}
    for one in said:
        seq = whole(one, "seq", 1)
        if seq is not None and one.get("log", log) == log:
            mine.setdefault(seq, one | {"seq": seq})
    here = select(JournalEntry.seq).where(
        JournalEntry.device == device, JournalEntry.log == log, JournalEntry.seq.in_(list(mine))
    )
    known = set(unit.db.scalars(here))
    return [one for seq, one in mine.items() if seq not in known]


def _entry(
    device: str, log: str, said: dict[str, Any], via: str, now: int, ranged: bool
) -> JournalEntry:
    """A row, whatever the entry holds: its mac was good, and a hole would stay for ever.

    `ranged`: its batch says itself what is gone, and a gap's range may hold kept entries."""
    kind = text(said, "kind", 16) or "odd"
    details = {name: value for name, value in said.items() if name not in _OWN}
    if len(canonical(details)) > _DETAILS_MAX:
        details = {"cut": canonical(details)[:_DETAILS_MAX]}
    gap = (
        (whole(said, "from", 1), whole(said, "to", 1))
        if kind == "gap" and not ranged
        else (None, None)
    )
    at = whole(said, "at", 1)
    return JournalEntry(
        device=device,
        log=log,
        seq=said["seq"],
        boot=_number(said, "boot"),
        up=_number(said, "up"),
        at=at,
        at_told=at is not None,
        kind=kind,
        job=text(said, "job") or None,
        details=details,
        via=via,
        arrived_at=now,
        gap_from=gap[0] if None not in gap else None,
        gap_to=gap[1] if None not in gap else None,
    )


def _number(said: dict[str, Any], name: str) -> int:
    return whole(said, name) or 0


def _fill_times(unit: Unit, device: str, log: str, boots: set[int]) -> None:
    """Reckon the times that a boot's first entries lack from the nearest entry that has one."""
    for boot in sorted(boots):
        mine = (
            JournalEntry.device == device,
            JournalEntry.log == log,
            JournalEntry.boot == boot,
        )
        told = select(JournalEntry.up, JournalEntry.at).where(*mine, JournalEntry.at_told)
        if unit.db.execute(told.limit(1)).first() is None:
            continue
        lacking = select(JournalEntry).where(*mine, JournalEntry.at.is_(None))
        for entry in list(unit.db.scalars(lacking)):
            near = told.order_by(func.abs(JournalEntry.up - entry.up)).limit(1)
            up, at = unit.db.execute(near).one()
            entry.at = at + entry.up - up


def _headed(
    unit: Unit, device: str, log: str, fresh: list[dict[str, Any]], span: tuple[int, int]
) -> JournalLog:
    head = unit.db.get(JournalLog, (device, log), populate_existing=True, with_for_update=True)
    if head is None:
        head = JournalLog(device=device, log=log, to=0, last=0, asked=0, lost={"ranges": []})
        unit.db.add(head)
    head.heard_at = unit.now
    head.last = max([head.last, span[1], *(one["seq"] for one in fresh)])
    _advance(unit, head, span)
    unit.db.flush()
    return head


def _advance(unit: Unit, head: JournalLog, span: tuple[int, int] = (1, 0)) -> None:
    """Move `to` over all that is here, dropped by the terminal, or given up.

    `span`: first and last number of which the terminal has just told all that is left."""
    before = head.to
    mine = (JournalEntry.device == head.device, JournalEntry.log == head.log)
    spans = [span, *((one, two) for one, two in head.lost["ranges"])]
    gaps = select(JournalEntry.gap_from, JournalEntry.gap_to)
    rows = unit.db.execute(gaps.where(*mine, JournalEntry.gap_to > head.to))
    spans += [(one, two) for one, two in rows]
    while True:
        seqs = select(JournalEntry.seq).where(*mine, JournalEntry.seq > head.to)
        here = list(unit.db.scalars(seqs.order_by(JournalEntry.seq).limit(_HELD)))
        to = _reach(head.to, here, spans)
        if to == head.to:
            break
        head.to = to
    if head.to >= head.last:
        head.ask_at, head.asked, head.ask_command = None, 0, None
    elif head.ask_at is None or head.to != before:
        head.ask_at, head.asked, head.ask_command = unit.now + PATIENCE_MS, 0, None


def _reach(to: int, here: list[int], spans: list[tuple[int, int]]) -> int:
    """The last number in an unbroken row from `to` on."""
    present = iter(here)
    following = next(present, None)
    while True:
        while following is not None and following <= to:
            following = next(present, None)
        over = max((end for start, end in spans if start <= to + 1 <= end), default=to)
        if over > to:
            to = over
        elif following == to + 1:
            to += 1
        else:
            return to


def _tell(unit: Unit, device: str, log: str, seq: int) -> None:
    entry = unit.db.get_one(JournalEntry, (device, log, seq))
    if entry.kind not in TOLD:
        return
    told = {"device": device, "log": log, "seq": seq, "at": entry.at, "via": entry.via}
    kind = f"journal-{entry.kind.replace('_', '-')}"
    outbox.tell(unit, kind, device, told | {"job": entry.job, "said": entry.details})


# --- holes --------------------------------------------------------------------------------------


def _ask(unit: Unit, head: JournalLog) -> None:
    """Ask for what is missing; after enough askings were obeyed in vain, give it up."""
    last = unit.db.get(Command, head.ask_command) if head.ask_command else None
    if last is not None and last.state == "done":
        head.asked += 1
    if head.asked >= ASKED_ENOUGH:
        _give_up(unit, head)
        return
    head.ask_at = unit.now + ASK_AGAIN_MS
    row = terminals.get(unit, head.device)
    if row is None or not row.online:
        return
    try:
        content = {"log": head.log, "from": head.to + 1}
        head.ask_command = commands.issue(unit, head.device, "journal", content=content).id
    except TerminalDark:
        head.ask_command = None


def _give_up(unit: Unit, head: JournalLog) -> None:
    above = select(func.min(JournalEntry.seq)).where(
        JournalEntry.device == head.device,
        JournalEntry.log == head.log,
        JournalEntry.seq > head.to,
    )
    end = (unit.db.scalar(above) or head.last + 1) - 1
    lost = {"from": head.to + 1, "to": end}
    head.lost = {"ranges": [*head.lost["ranges"], [head.to + 1, end]]}
    outbox.tell(unit, "journal-lost", head.device, lost | {"device": head.device, "log": head.log})
    _advance(unit, head)
    row = terminals.get(unit, head.device)
    if row is not None:
        unit.send(head.device, stored_body(unit, stored(unit, row, head)))


def stored_body(unit: Unit, paras: dict[str, Any]) -> bytes:
    """The event `journal`/`stored` for the line."""
    return wire.event_body("journal", "stored", wire.stamp(unit.now), paras)
