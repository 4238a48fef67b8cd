"""Records of technicians 安装人员: an installation 安装改造 or a repair 报修, as it goes on.

A record is a head and entries that are only ever added: what was corrected stands twice, and the
later one counts. Only its technician adds to it, and nothing is added once it is finished. Each
entry stands with its digest in the audit trail (CQ art. 8–12, DL 三(一)、(四)).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.clock import china_day
from cloud.base.database import Base, canonical
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.registry import machines, standing, training
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import testing

KINDS = ("installation", "repair")
HARDWARE = ("contactor", "thermal")
BEFORE, AFTER = "before", "after"
# What a record asks for, in the order of the work.
STEPS = {
    "installation": (
        *("agreement", "picture-before", "terminal", "seal", "picture-after"),
        *("test", "acceptance", "document"),
    ),
    "repair": ("work", "picture-after", "test", "acceptance", "document"),
}
# What a record may also have; `machine` = what the survey asks of it, read on the spot.
ALSO = {
    "installation": ("machine",),
    "repair": ("machine", "picture-before", "terminal", "seal"),
}
# Of a machine that a terminal is fitted to (DL 三(四)).
ASKED = ("keeper", "keeper_phone", "supply", "trade")
PICTURES_MAX = 6  # of one phase
_OWNER = "service.owner"


class NotEntitled(Exception):
    """Not an active technician, or not the one whose record this is."""


class NotTrained(Exception):
    """No training or exam passed in the last half-year (CQ art. 15)."""


class NotNow(Exception):
    """This cannot be added; the text is a stable word: `finished`, `scrapped`, `terminal-unknown`,
    `terminal-elsewhere`, `machine-fitted`, `machine-busy`, `terminal-scrapped`,
    `flashed-contactor`, `flashed-thermal`, `picture-known`, `picture-many`, `missing`,
    `no-terminal`."""


class ServiceRecord(Base):
    """One visit. `document` = digest of the finished PDF (book/media.py), empty before."""

    __tablename__ = "service_record"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"), index=True)
    technician_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    made_at: Mapped[int]
    finished_at: Mapped[int | None]
    document: Mapped[str]


class ServiceEntry(Base):
    """One thing that was written down; `told` names people only sealed."""

    __tablename__ = "service_entry"

    record_id: Mapped[str] = mapped_column(ForeignKey("service_record.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[int]
    what: Mapped[str]
    told: Mapped[dict[str, Any]]


Index("ix_service_record_made", ServiceRecord.made_at, ServiceRecord.id)  # the ledger's order


@dataclass(frozen=True)
class Written:
    """What a record says by now: the last entry of each kind, and all pictures."""

    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: tuple[tuple[str, str], ...] = ()  # (phase, digest)

    def phase(self, phase: str) -> list[str]:
        return [digest for one, digest in self.pictures if one == phase]


def written(entries: Iterable[tuple[str, dict[str, Any]]]) -> Written:
    """Fold the entries (what, told), the oldest first. Pure."""
    last: dict[str, dict[str, Any]] = {}
    pictures: list[tuple[str, str]] = []
    for what, told in entries:
        if what == "picture":
            pictures.append((told["phase"], told["digest"]))
        else:
            last[what] = told
    return Written(last, tuple(pictures))


def missing(kind: str, told: Written, tested: bool) -> list[str]:
    """The steps that are still to do, in their order. Pure."""

    def done(step: str) -> bool:
        if step == "test":
            return tested
        if step.startswith("picture-"):
            return bool(told.phase(step.removeprefix("picture-")))
        return step in told.last

    return [step for step in STEPS[kind] if not done(step)]


def entitled(unit: Unit, person: Person) -> None:
    """NotEntitled or NotTrained unless this person may fit and mend."""
    if person.status != "active" or "technician" not in person.roles:
        raise NotEntitled
    passed = training.last_passed(unit, person.id)
    if passed is None or (china_day(unit.now) - passed).days > training.GOOD_DAYS:
        raise NotTrained


def begin(unit: Unit, machine: Machine, person: Person, kind: str) -> ServiceRecord:
    """A record of this machine, or the person's own one that is not finished yet."""
    entitled(unit, person)
    machine = standing.held(unit, machine.id)
    mine = select(ServiceRecord).where(
        ServiceRecord.machine_id == machine.id,
        ServiceRecord.technician_id == person.id,
        ServiceRecord.kind == kind,
        ServiceRecord.finished_at.is_(None),
    )
    known = unit.db.scalar(mine.limit(1))
    if known is not None:
        return known
    if machine.status == "scrapped" or machine.kind != "machine":
        raise NotNow("scrapped")
    if kind == "repair" and machine.device is None:
        raise NotNow("no-terminal")
    record = ServiceRecord(
        id=new_id(),
        kind=kind,
        machine_id=machine.id,
        technician_id=person.id,
        made_at=unit.now,
        document="",
    )
    unit.db.add(record)
    unit.db.flush()
    add(unit, record, person, "begun", {"machine": machine.code, "device": machine.device or ""})
    return record


def get(unit: Unit, id: str) -> ServiceRecord | None:
    return unit.db.get(ServiceRecord, id)


def mine(unit: Unit, person: Person, limit: int) -> list[ServiceRecord]:
    """A technician's own, the unfinished first, then the latest."""
    rows = select(ServiceRecord).where(ServiceRecord.technician_id == person.id)
    order = (ServiceRecord.finished_at.is_not(None), ServiceRecord.made_at.desc())
    return list(unit.db.scalars(rows.order_by(*order, ServiceRecord.id).limit(limit)))


def entries(unit: Unit, record: ServiceRecord) -> list[ServiceEntry]:
    """All that was written down, the oldest first."""
    rows = select(ServiceEntry).where(ServiceEntry.record_id == record.id)
    return list(unit.db.scalars(rows.order_by(ServiceEntry.seq)))


def read(unit: Unit, record: ServiceRecord) -> Written:
    return written((one.what, one.told) for one in entries(unit, record))


def accepted_wiring(unit: Unit, machine_id: str, device: str) -> str:
    """For which kind of switch the last finished record has this terminal on this machine; "" =
    none says so."""
    rows = (
        select(ServiceEntry.told)
        .join(ServiceRecord, ServiceRecord.id == ServiceEntry.record_id)
        .where(ServiceRecord.machine_id == machine_id, ServiceRecord.finished_at.is_not(None))
        .where(ServiceEntry.what == "terminal")
        .order_by(ServiceRecord.finished_at.desc(), ServiceEntry.seq.desc())
    )
    fitted = (told for told in unit.db.scalars(rows) if told["device"] == device)
    return str(next((told["hardware"] for told in fitted), ""))


def machine_of(unit: Unit, record: ServiceRecord) -> Machine:
    machine = machines.get(unit, record.machine_id)
    assert machine is not None
    return machine


def unasked(unit: Unit, record: ServiceRecord) -> list[str]:
    """What is to be asked of the machine and is not known yet."""
    machine = machine_of(unit, record)
    known = {name: getattr(machine, name, "") for name in ASKED}
    known["keeper_phone"] = machine.keeper_sealed
    return [name for name in ASKED if not known[name]]


def test_of(unit: Unit, record: ServiceRecord) -> testing.FunctionTest | None:
    """The last function test of the terminal that the machine has now."""
    test = testing.latest(unit, record.id)
    machine = machine_of(unit, record)
    return test if test is not None and test.device == (machine.device or "") else None


def read_by_phone(test: testing.FunctionTest | None, told: Written) -> bool:
    """Whether the current of this test is what a phone read: no terminal vouches for it. Pure."""
    return test is not None and told.last.get("measured", {}).get("test") == test.id


def left(unit: Unit, record: ServiceRecord) -> list[str]:
    """The steps that are still to do."""
    test = test_of(unit, record)
    tested = test is not None and testing.state(test, unit.now) == "passed"
    return missing(record.kind, read(unit, record), tested)


def held(unit: Unit, record: ServiceRecord, person: Person) -> ServiceRecord:
    """The record, held until the end of the unit; NotEntitled, NotTrained, NotNow."""
    entitled(unit, person)
    if record.technician_id != person.id:
        raise NotEntitled
    record = unit.db.get_one(
        ServiceRecord, record.id, populate_existing=True, with_for_update=True
    )
    if record.finished_at is not None:
        raise NotNow("finished")
    return record


def add(
    unit: Unit, record: ServiceRecord, person: Person, what: str, told: dict[str, Any]
) -> ServiceEntry:
    """One more entry of a record that is held, and its digest in the audit trail."""
    seq = len(entries(unit, record)) + 1
    row = ServiceEntry(record_id=record.id, seq=seq, at=unit.now, what=what, told=told)
    unit.db.add(row)
    unit.db.flush()
    digest = hashlib.sha256(canonical(told).encode()).hexdigest()
    district = machine_of(unit, record).district
    noted = {"kind": record.kind, "seq": seq, "sha256": digest}
    audit.write(unit, district, person.id, f"service-{what}", record.id, noted)
    return row


def sealed_name(unit: Unit, name: str) -> str:
    """The name of whoever signed, as an entry keeps it."""
    return unit.keys.seal(name.encode(), _OWNER)


def opened_name(unit: Unit, sealed: str) -> str:
    return unit.keys.open(sealed, _OWNER).decode() if sealed else ""
