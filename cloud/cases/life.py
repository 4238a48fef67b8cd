"""The life of an alarm: who must see to it, by when, and what if nobody does (CQ art. 13, 44).

    raised → assigned → verified → closed

It is laid before the township of the open job, else of the machine, else of the machine on which
the terminal sat last, else where the office sits. A limit that passes lays it
before the county, then the city. Somebody takes it, verifies on site and writes what was found,
then closes it. One function moves each step; whoever may see an alarm may handle it.
The enterprise is the first to handle it and writes what it did; that is an answer, no step: it may
be the cause, so officers verify and close, and their limits run on.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, false, select

from cloud.base import districts
from cloud.base.clock import in_china
from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms
from cloud.cases.alarms import DANGER, LEVELS, NOTICE, WARNING, Alarm
from cloud.registry import departments, machines, sight
from cloud.registry.machines import Machine
from cloud.registry.people import Person

TOWNSHIP, CITY = 9, 4  # digits
# Minutes until it is taken, verified, closed; each limit runs from the step before.
LIMITS_MIN = {
    DANGER: (30, 240, 1440),
    WARNING: (240, 1440, 4320),
    NOTICE: (1440, 4320, 10080),
}
# They keep nobody waiting for the morning, whatever their level; nor does any grave one.
SAFETY = frozenset(
    {
        *("GAS_WARN", "OVER_TEMP", "NOT_CLEARED", "LONG_ON", "OFFLINE_JOB", "WATCH_AWAY"),
        *("REMOTE_START", "CYLINDER_SCAN", "SPECIAL_PERIOD"),
    }
)


class NotEntitled(Exception):
    """This person does not handle this alarm."""


def handlers() -> Handlers:
    """What to do about events of alarms, for `outbox.deliver`."""
    return {"alarm-raised": [assign]}


def assign(unit: Unit, event: Event) -> None:
    """Lay a fresh alarm before the township it belongs to; its limit runs in any case."""
    alarm = alarms.held(unit, event.subject)
    if alarm is None or alarm.state != "raised":
        return
    desk = next((d for d in districts.path(alarm.district) if len(d) <= TOWNSHIP), "")
    first = _limit(unit, alarm, 0, event.at)
    alarms.move(unit, alarm, "system", "alarm-assigned", state="assigned", duty=desk, due_at=first)


def take(unit: Unit, alarm: Alarm, person: Person) -> str:
    """Somebody will see to it; may be taken over from another until it is verified. Empty, or why
    not: `closed`, `verified`."""
    held = _held(unit, alarm, person)
    if held.closed_at is not None:
        return "closed"
    if held.holder == person.id:
        return ""
    if held.state == "verified":
        return "verified"
    due = _limit(unit, held, 1)
    alarms.move(
        unit, held, person.id, "alarm-taken", state="assigned", holder=person.id, due_at=due
    )
    return ""


def verify(unit: Unit, alarm: Alarm, person: Person, words: str) -> str:
    """Somebody was there; `words` = what was found. The same words of the same person again change
    nothing; others are not kept and so refused. Empty, or why not: `closed`, `verified`."""
    held = _held(unit, alarm, person)
    if held.closed_at is not None:
        return "closed"
    if held.state == "verified":
        is_again = (held.verified_by, held.verified_words) == (person.id, words)
        return "" if is_again else "verified"
    alarms.move(
        unit,
        held,
        person.id,
        "alarm-verified",
        state="verified",
        holder=held.holder or person.id,
        verified_at=unit.now,
        verified_by=person.id,
        verified_words=words,
        due_at=_limit(unit, held, 2),
    )
    return ""


def close(unit: Unit, alarm: Alarm, person: Person, words: str) -> str:
    """It is put right; `words` = how; said again as in `verify`. Empty, or why not:
    `not-verified`, `closed`."""
    held = _held(unit, alarm, person)
    if held.closed_at is not None:
        is_again = (held.closed_by, held.closed_why) == (person.id, words)
        return "" if is_again else "closed"
    if held.state != "verified":
        return "not-verified"
    alarms.close(unit, held, person.id, words)
    return ""


def hand_over(unit: Unit, alarm: Alarm, person: Person, department: str) -> str:
    """Another department is competent (CQ art. 44(5)); it has the whole limit, and nobody holds
    it. Empty, or why not: `closed`, `no-department`."""
    held = _held(unit, alarm, person)
    if held.closed_at is not None:
        return "closed"
    if departments.get(unit, department) is None:
        return "no-department"
    if held.department != department:
        fresh = {"holder": "", "state": "assigned"}
        due = _limit(unit, held, 0)
        alarms.move(
            unit,
            held,
            person.id,
            "alarm-handed-over",
            department=department,
            due_at=due,
            **fresh,
        )
    return ""


def answer(unit: Unit, alarm: Alarm, person: Person, words: str) -> str:
    """The enterprise writes what it did. Empty, or why not: `closed`, `answered`."""
    if not is_ours(unit, alarm, person):
        raise NotEntitled
    held = alarms.held(unit, alarm.id)
    if held is None or held.closed_at is not None:
        return "closed"
    if held.answered_at is not None:
        return "answered"
    told = {"answered_at": unit.now, "answered_by": person.id, "answered_words": words}
    alarms.move(unit, held, person.id, "alarm-answered", **told)
    return ""


def sweep(unit: Unit) -> int:
    """Lay what is overdue before the next higher district; how many. Safe with many workers."""
    moved = 0
    for alarm in alarms.overdue(unit):
        above = [d for d in districts.path(alarm.duty) if CITY <= len(d) < len(alarm.duty)]
        late = alarm.late + 1
        if above:
            due = _limit(unit, alarm, _step(alarm))
            changes = {"duty": above[0], "due_at": due, "late": late}
            moved += alarms.claim(unit, alarm, "alarm-escalated", **changes)
        else:  # it stays with the city
            moved += alarms.claim(unit, alarm, "alarm-overdue", due_at=None, late=late)
    return moved


def is_safety(kind: str, level: int) -> bool:
    """Whether quiet hours do not hold for it."""
    return kind in SAFETY or max(level, LEVELS.get(kind, 0)) >= DANGER


def after_quiet(unit: Unit, at: int) -> int:
    """`at`, or the end of the quiet hours (clocks of China) in which it lies; epoch ms."""
    begin, end = unit.settings.quiet_from_h, unit.settings.quiet_until_h
    then = in_china(at)
    inside = begin <= then.hour or then.hour < end if begin > end else begin <= then.hour < end
    if not inside:
        return at
    morning = then.replace(hour=end, minute=0, second=0, microsecond=0)
    if morning <= then:
        morning += timedelta(days=1)
    return round(morning.timestamp() * 1000)


# --- who sees it --------------------------------------------------------------------------------


def seen_by(unit: Unit, person: sight.Looking) -> ColumnElement[bool]:
    """SQL: the alarms this regulator sees: by place or machine, of the department's trades."""
    eyes = sight.of(unit, person)
    if eyes is None:
        return false()
    place = eyes.places(Alarm.district)
    if eyes.root is not None:  # asked for each alarm: few are open, and machines are many
        there = select(Machine.id).where(Machine.id == Alarm.machine_id).correlate(Alarm)
        place |= there.where(eyes.places(Machine.district)).exists()
    return place & eyes.cases(Alarm.trade, Alarm.department)


def of_enterprise(enterprise_id: str) -> ColumnElement[bool]:
    """SQL: the alarms about this enterprise's machines."""
    theirs = select(Machine.id).where(Machine.enterprise_id == enterprise_id)
    return Alarm.machine_id.in_(theirs)


def is_ours(unit: Unit, alarm: Alarm, person: Person) -> bool:
    """Whether this person answers it for the enterprise whose machine it is about."""
    machine = machines.get(unit, alarm.machine_id) if alarm.machine_id else None
    ours = machine is not None and machine.enterprise_id == person.enterprise_id
    return ours and person.status == "active" and "enterprise" in person.roles


def may_handle(unit: Unit, alarm: Alarm, person: Person) -> bool:
    """Officers handle what they see; the office handles all."""
    if person.status != "active":
        return False
    row = select(Alarm.id).where(Alarm.id == alarm.id, seen_by(unit, person))
    return unit.db.scalar(row) is not None


def _held(unit: Unit, alarm: Alarm, person: Person) -> Alarm:
    if not may_handle(unit, alarm, person):
        raise NotEntitled
    held = alarms.held(unit, alarm.id)
    if held is None:
        raise NotEntitled
    return held


def _step(alarm: Alarm) -> int:
    """Which of the three limits runs."""
    return 2 if alarm.state == "verified" else 1 if alarm.holder else 0


def _limit(unit: Unit, alarm: Alarm, step: int, begin: int | None = None) -> int:
    """When this step must be done, counted from now or `begin`."""
    minutes = LIMITS_MIN[min(max(alarm.level, NOTICE), DANGER)][step]
    due = (unit.now if begin is None else begin) + minutes * 60_000
    return due if is_safety(alarm.kind, alarm.level) else after_quiet(unit, due)
