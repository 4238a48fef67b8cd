"""The function test of an installation 功能测试: the relay really closes, a current is
measured, and the relay opens again.

It goes the way of every command, under its own id in the place of a job's, or by ticket where the
terminal has no network. Whatever fails, the terminal opens its relay by itself when the lease is
over. It is never begun while a job is open.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link import commands, reckoning, terminals
from cloud.link.commands import TerminalDark
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import job as table
from cloud.work import speech

LEASE_S = 60  # protocol page, section 2: a test lasts a minute at most
GRACE_S = 30  # the terminal's last word may take as long
STATES = ("asked", "on", "off-asked", "passed", "no-current", "unconfirmed", "failed")
RUNNING = STATES[:3]
_WORDS = frozenset({"timeout", "restarted", "ended", "locked", "gas", "relay-stuck"})


class FunctionTest(Base):
    """One test. `record_id` = what it was made for; `amps` = the most that was told while the
    relay was closed; `off_by` = command or lease; `word` = why it failed, a code of a refusal."""

    __tablename__ = "function_test"

    id: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(index=True)
    device: Mapped[str] = mapped_column(index=True)
    machine_id: Mapped[str]
    person_id: Mapped[str]
    asked_at: Mapped[int]
    on_at: Mapped[int | None]
    amps: Mapped[int]
    off_asked_at: Mapped[int | None]
    off_at: Mapped[int | None]
    word: Mapped[str]


def handlers() -> Handlers:
    """What a test learns from the link, for `outbox.deliver`."""
    return {
        "command-done": [_obeyed],
        "command-refused": [_not_obeyed],
        "command-timed-out": [_not_obeyed],
        "ticket-done": [_ticket_obeyed],
        "ticket-refused": [_ticket_not_obeyed],
        "terminal-beat": [_told],
        "terminal-login": [_told],
    }


def state(test: FunctionTest, now: int) -> str:
    """One of STATES at this moment. Passed = closed, a current measured, opened again."""
    if test.word:
        return "failed"
    if test.off_at is not None:
        return "passed" if test.amps >= terminals.ARC_AMPS else "no-current"
    if now > test.asked_at + (LEASE_S + GRACE_S) * 1000:
        return "unconfirmed"
    if test.on_at is None:
        return "asked"
    return "on" if test.off_asked_at is None else "off-asked"


def begin(unit: Unit, machine: Machine, technician: Person, record_id: str) -> FunctionTest:
    """Close the relay for a minute at most; a test that runs already is given back.

    A test that cannot begin is kept too, with its `word`: `machine-busy`, `terminal-missing`,
    `terminal-dark`, `terminal-locked`, `machine-unsafe`.
    """
    device = machine.device or ""
    row = terminals.locked(unit, device) if device else None
    last = latest(unit, record_id)
    if last is not None and last.device == device and state(last, unit.now) in RUNNING:
        return last
    test = new(unit, new_id(), machine, technician, record_id, _barred(unit, machine, row))
    if not test.word:
        content = {"job": test.id, "lease_s": LEASE_S, "until": unit.now + LEASE_S * 1000}
        content["say"] = speech.TEST
        try:
            commands.issue(unit, device, "switch", code="1", content=content)
        except TerminalDark:
            test.word = "terminal-dark"
    keep(unit, test, machine)
    return test


def new(
    unit: Unit, id: str, machine: Machine, technician: Person, record_id: str, word: str
) -> FunctionTest:
    """A test that is asked for now, not kept yet."""
    return FunctionTest(
        id=id,
        record_id=record_id,
        device=machine.device or "",
        machine_id=machine.id,
        person_id=technician.id,
        asked_at=unit.now,
        amps=0,
        word=word,
    )


def keep(unit: Unit, test: FunctionTest, machine: Machine) -> None:
    """The test into the book, with its audit row."""
    unit.db.add(test)
    unit.db.flush()
    told = {"test": test.id, "device": test.device} | ({"word": test.word} if test.word else {})
    audit.write(unit, machine.district, test.person_id, "function-test", machine.id, told)


def end(unit: Unit, test: FunctionTest) -> None:
    """Open the relay; again as often as asked, until it is told."""
    if state(test, unit.now) not in RUNNING:
        return
    test.off_asked_at = test.off_asked_at or unit.now
    if commands.pending(unit, test.device, test.id, "0"):
        return
    try:
        content = {"job": test.id, "reason": "test"}
        commands.issue(unit, test.device, "switch", code="0", content=content)
    except TerminalDark:
        test.word = "terminal-dark"


def latest(unit: Unit, record_id: str) -> FunctionTest | None:
    """The last test made for this record."""
    rows = select(FunctionTest).where(FunctionTest.record_id == record_id)
    return unit.db.scalar(rows.order_by(FunctionTest.asked_at.desc(), FunctionTest.id).limit(1))


def runs(unit: Unit, id: str) -> bool:
    """Whether the relay may be closed under this id: a test that was asked for and not ended."""
    test = unit.db.get(FunctionTest, id)
    return test is not None and state(test, unit.now) in ("asked", "on")


def _barred(unit: Unit, machine: Machine, row: Any) -> str:
    if row is None or row.status != "active":
        return "terminal-missing"
    if table.open_on(unit, machine.id) is not None:
        return "machine-busy"
    return shut(machine) or ("" if reckoning.reachable(row, unit.now) else "terminal-dark")


def shut(machine: Machine) -> str:
    """Why the terminal is locked as the machine stands: a code of a refusal, or empty."""
    return {"locked": "terminal-locked", "unsafe": "machine-unsafe"}.get(machine.status, "")


def _obeyed(unit: Unit, event: Event) -> None:
    told = event.details
    test = _of_command(unit, event)
    if test is None:
        return
    if told["code"] == "1":
        _closed(unit, test, 0)
    elif told["relay"] == 0:
        _opened(unit, test)


def _not_obeyed(unit: Unit, event: Event) -> None:
    test = _of_command(unit, event)
    if test is None or test.off_at is not None:
        return
    told = event.details
    if told["code"] == "1" and test.on_at is None:
        restarted = told["message"] == "restarted"
        test.word = "terminal-timeout" if restarted else _refusal(told["message"])
    elif told["code"] == "0" and told["message"] == "ended":
        _opened(unit, test)


def _ticket_obeyed(unit: Unit, event: Event) -> None:
    """The terminal's receipt, brought by the phone: closed, or open again."""
    told, test = event.details, _held(unit, event.details["job"])
    if test is None:
        return
    if told["act"] == "test":
        _closed(unit, test, 0)
    elif told["act"] == "off" and told["relay"] == 0:
        _opened(unit, test)


def _ticket_not_obeyed(unit: Unit, event: Event) -> None:
    told, test = event.details, _held(unit, event.details["job"])
    if test is not None and told["act"] == "test" and test.on_at is None:
        test.word = _refusal(told["word"])


def _told(unit: Unit, event: Event) -> None:
    """A heartbeat or log-in: the current while it is closed, or that it is open again."""
    device = event.details["device"]
    rows = select(FunctionTest).where(
        FunctionTest.device == device,
        FunctionTest.off_at.is_(None),
        FunctionTest.word == "",
        FunctionTest.asked_at >= unit.now - (LEASE_S + 2 * GRACE_S) * 1000,
    )
    for test in unit.db.scalars(rows.with_for_update()):
        told = event.details
        if told.get("relay") == 1 and told.get("job") == test.id:
            _closed(unit, test, told.get("amps") or 0)
        elif test.on_at is not None and told.get("relay", 0) == 0:
            _opened(unit, test)


def _closed(unit: Unit, test: FunctionTest, amps: int) -> None:
    test.on_at = test.on_at or unit.now
    test.amps = max(test.amps, amps)


def _opened(unit: Unit, test: FunctionTest) -> None:
    if test.on_at is not None and test.off_at is None:
        test.off_at = unit.now


def _of_command(unit: Unit, event: Event) -> FunctionTest | None:
    return _held(unit, event.details["job"] if event.details["name"] == "switch" else None)


def _held(unit: Unit, id: str | None) -> FunctionTest | None:
    return unit.db.get(FunctionTest, id, with_for_update=True) if id else None


def _refusal(word: str) -> str:
    """The terminal's own word, as the test keeps it."""
    return f"terminal-{word if word in _WORDS else 'refused'}"
