"""The terminals' journals (protocol page, section 3), whichever way they came: line or phone.

A batch is all that is left of its `from`..`to`, so batches may come in any order and any number
of times: an entry is kept once by (device, log, seq). `stored` tells the terminal up to where
nothing is missing: it may forget only that. A hole that stays is asked for with the command
`journal {log, from}`. Events: `journal-{kind}` for the kinds in TOLD.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, func, literal_column, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, canonical
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import commands, terminals, wire
from cloud.link.commands import TerminalDark
from cloud.link.strangers import text, whole
from cloud.link.terminals import Terminal

TOLD = (
    *("on", "off", "refuse", "emergency_on", "emergency_off"),
    *("alarm", "alarm_clear", "update", "lock", "gap"),
)
ENTRIES_MAX = 500
# How it came: by the line, by a phone, or by a phone from a terminal that is revoked.
LINE, PHONE, REVOKED = "line", "phone", "revoked"
LATER_TRIES = 4  # asked so often where no hole is known
PATIENCE_MS = 20_000  # batches overtake each other; only a hole that stays is asked for
ASK_AGAIN_MS = 60_000
ASK_SLOWEST_MS = 3_600_000
SPANS_MAX = 200
_DETAILS_MAX = 1000
_OWN = ("log", "seq", "boot", "at", "up", "kind")


class JournalEntry(Base):
    """One entry. `at` = epoch ms, None = not known; `at_told` = by the terminal, else reckoned
    from another entry of the same boot."""

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


class JournalLog(Base):
    """How far one journal is here. `to` = last seq without a hole below it.

    `spans` = {"above": [[from, to], …]}, what came of that which lies above a hole, in order;
    `ask_at` = when to ask for the hole, None = there is none; `asked` = how often.
    """

    __tablename__ = "journal_log"

    device: Mapped[str] = mapped_column(primary_key=True)
    log: Mapped[str] = mapped_column(primary_key=True)
    to: Mapped[int]
    spans: Mapped[dict[str, Any]]
    ask_at: Mapped[int | None]
    asked: Mapped[int]
    heard_at: Mapped[int]


def _index(name: str, *columns: Any, where: str) -> Index:
    condition = literal_column(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


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
    """Keep a batch `{log, from, to, entries, mac}`; `via` = line | phone | revoked. Idempotent.

    Of a terminal that signs nothing only the line brings a journal: there its log-in vouches.
    """
    log, first, last = text(paras, "log"), whole(paras, "from", 1), whole(paras, "to", 1)
    entries = paras.get("entries")
    if not log or first is None or last is None or first > last:
        return Taken("journal-form")
    if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
        return Taken("journal-form")
    if via != LINE and not row.signed:
        return Taken("bad-mac")
    if row.signed and not wire.good_entries(terminals.opened(unit, row), row.device, paras):
        return Taken("bad-mac")
    said = _inside(log, first, last, entries)
    fresh = sorted(said.keys() - _here(unit, row.device, log, set(said)))
    rows = [_entry(row.device, log, said[seq], via, unit.now) for seq in fresh]
    unit.db.add_all(rows)
    unit.db.flush()
    _fill_times(unit, row.device, log, {one.boot for one in rows})
    for one in rows:
        _tell(unit, one)
    return Taken("journal", stored(unit, row, _headed(unit, row.device, log, first, last)))


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


def ask_for_later(unit: Unit) -> None:
    """After a restore: let every terminal be asked for what it wrote after the backup. No hole
    shows that before its next entry."""
    latest = select(func.max(JournalLog.heard_at)).group_by(JournalLog.device)
    newest = update(JournalLog).where(JournalLog.heard_at.in_(latest))
    unit.db.execute(newest.values(ask_at=unit.now + PATIENCE_MS, asked=0))


# --- keeping ------------------------------------------------------------------------------------


def _inside(log: str, first: int, last: int, entries: list[Any]) -> dict[int, dict[str, Any]]:
    """The entries of this log with numbers inside the batch, by number."""
    mine: dict[int, dict[str, Any]] = {}
    for one in entries:
        seq = whole(one, "seq", first, last) if isinstance(one, dict) else None
        if seq is not None and one.get("log", log) == log:
            mine.setdefault(seq, one | {"seq": seq})
    return mine


def _here(unit: Unit, device: str, log: str, seqs: set[int]) -> set[int]:
    here = select(JournalEntry.seq).where(
        JournalEntry.device == device, JournalEntry.log == log, JournalEntry.seq.in_(seqs)
    )
    return set(unit.db.scalars(here))


def _entry(device: str, log: str, said: dict[str, Any], via: str, now: int) -> JournalEntry:
    """A row, whatever the entry holds: its mac was good, and a hole would stay for ever."""
    kind = text(said, "kind", 16) or "odd"
    details = {name: value for name, value in said.items() if name not in _OWN}
    if len(canonical(details)) > _DETAILS_MAX:
        details = {"cut": canonical(details)[:_DETAILS_MAX]}
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


def _headed(unit: Unit, device: str, log: str, first: int, last: int) -> JournalLog:
    """Move `to` over what came without a hole; the rest is remembered."""
    head = unit.db.get(JournalLog, (device, log), populate_existing=True, with_for_update=True)
    if head is None:
        head = JournalLog(device=device, log=log, to=0, asked=0, spans={"above": []})
        unit.db.add(head)
    before = head.to
    head.heard_at = unit.now
    head.to, above = joined(head.to, [*head.spans["above"], [first, last]])
    # Beyond this many islands the furthest are forgotten: they come again with the hole.
    head.spans = {"above": above[:SPANS_MAX]}
    if not above:
        head.ask_at, head.asked = None, 0
    elif head.ask_at is None or head.to != before:
        head.ask_at, head.asked = unit.now + PATIENCE_MS, 0
    unit.db.flush()
    return head


def joined(to: int, spans: list[list[int]]) -> tuple[int, list[list[int]]]:
    """Spans [from, to] laid together: up to where all is here, and the islands above that."""
    islands: list[list[int]] = []
    for first, last in sorted(spans):
        if first <= to + 1:
            to = max(to, last)
        elif islands and first <= islands[-1][1] + 1:
            islands[-1] = [islands[-1][0], max(islands[-1][1], last)]
        else:
            islands.append([first, last])
    return to, islands


def _tell(unit: Unit, entry: JournalEntry) -> None:
    if entry.kind not in TOLD:
        return
    told = {"device": entry.device, "log": entry.log, "seq": entry.seq, "at": entry.at}
    kind = f"journal-{entry.kind.replace('_', '-')}"
    said = {"via": entry.via, "job": entry.job, "said": entry.details}
    outbox.tell(unit, kind, entry.device, told | said)


def _ask(unit: Unit, head: JournalLog) -> None:
    """Ask for what is missing, ever more seldom while that brings nothing."""
    head.ask_at = unit.now + min(ASK_AGAIN_MS * 2**head.asked, ASK_SLOWEST_MS)
    row = terminals.get(unit, head.device)
    if row is None or not row.online:
        return
    head.asked += 1
    if not head.spans["above"] and head.asked >= LATER_TRIES:
        head.ask_at = None  # there may be nothing later
    with suppress(TerminalDark):
        content = {"log": head.log, "from": head.to + 1}
        commands.issue(unit, head.device, "journal", content=content)


def stored_body(unit: Unit, paras: dict[str, Any]) -> bytes:
    """The event `journal`/`stored` for the line."""
    return wire.event_body("journal", "stored", wire.stamp(unit.now), paras)
