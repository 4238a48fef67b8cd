"""The steps of a technician's record: each is one function, one entry (cases/service.py)."""

import hashlib
from typing import Any

from cloud.base.unit import Unit
from cloud.book import media, outbox
from cloud.cases import service, supply
from cloud.cases.service import NotNow, ServiceRecord
from cloud.link import policies, stock, terminals
from cloud.link.terminals import Terminal
from cloud.link.tickets import Ticket
from cloud.registry import machines, standing
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import jobs, orders, terminal_policy, testing, testing_by_ticket
from cloud.work.refusal import Refusals, Words
from cloud.work.testing import FunctionTest

# What the owner signs (CQ art. 8–10): kept word for word; its digest stands in each record.
AGREEMENT = (
    Words(
        "我单位（本人）同意在本电焊机上加装智能终端，用于扫码开机、持证上岗和动火作业监管。",
        "We agree that a terminal is fitted to this machine, for scanned starts by certified"
        " welders and for the supervision of hot work.",
    ),
    Words(
        "施工会断开电焊机电源；施工前、后各拍照，施工后贴封条，并当场做一次通电测试。",
        "The power is cut during the work; pictures are taken before and after, a seal is put on,"
        " and the machine is tested here and now.",
    ),
    Words(
        "不拆除、不短接、不改动终端和封条；终端损坏或开不了机时报修，由登记的安装人员处理。",
        "Terminal and seal are not removed, bridged or changed; what fails is mended by a"
        " registered technician.",
    ),
    Words(
        "终端上报电焊机的通断、电流、位置和告警，只用于安全监管。",
        "The terminal reports power, current, place and alarms of the machine, for safety only.",
    ),
)
AGREEMENT_DIGEST = hashlib.sha256("\n".join(one.zh for one in AGREEMENT).encode()).hexdigest()


def sign(
    unit: Unit,
    record: ServiceRecord,
    person: Person,
    what: str,
    name: str,
    drawn: media.Ready | None,
) -> None:
    """`agreement` before the work, or `acceptance` after it, by the owner: name and signature.

    Without a drawn signature the typed name stands for it, and the record says so.
    """
    record = service.held(unit, record, person)
    if what == "acceptance":
        undone = [one for one in service.left(unit, record) if one not in (what, "document")]
        if undone:
            raise NotNow("missing")
    told = {"name": service.sealed_name(unit, name), "signature": ""}
    if drawn is not None:
        told["signature"] = _kept(unit, record, drawn)
    if what == "agreement":
        told["text"] = AGREEMENT_DIGEST
    service.add(unit, record, person, what, told)


def picture(
    unit: Unit, record: ServiceRecord, person: Person, phase: str, made: media.Ready
) -> None:
    """One picture, before or after; the same one again is the same, and none serves twice."""
    record = service.held(unit, record, person)
    told = service.read(unit, record)
    if (phase, made.digest) in told.pictures:
        return
    if len(told.phase(phase)) >= service.PICTURES_MAX:
        raise NotNow("picture-many")
    if media.get(unit, made.digest) is not None:
        raise NotNow("picture-known")
    digest = _kept(unit, record, made)
    service.add(unit, record, person, "picture", {"phase": phase, "digest": digest})


def fit(unit: Unit, record: ServiceRecord, person: Person, device: str, hardware: str) -> None:
    """Fit the terminal whose code was read; NotNow where either belongs to another.

    In a repair it takes the place of the one that was there, which goes back to stock and is
    heard no more.
    """
    record = service.held(unit, record, person)
    machine = standing.held(unit, record.machine_id, fitting=True)
    row = _fits(unit, record, machine, device)
    _as_flashed(row, hardware)
    before = machine.device
    if before != device:
        _stock(unit, before or "", ("flashed", "installed"), "returned", record, person)
        machines.fit(unit, machine, device)
        if before:
            supply.revoke(unit, before, person.id)
        policies.want(unit, device, terminal_policy.of(unit, machine))
        orders.as_it_stands(unit, machine)
    _stock(unit, device, ("flashed",), "installed", record, person)
    told = {"device": device, "hardware": hardware, "fw": row.fw}
    known = service.read(unit, record).last.get("terminal", {})
    if before not in (None, device):
        told["instead_of"] = before or ""
    if {name: known.get(name) for name in told} != told:
        service.add(unit, record, person, "terminal", told)


def _fits(unit: Unit, record: ServiceRecord, machine: Machine, device: str) -> Terminal:
    """The terminal, held, if it may go on this machine now; NotNow."""
    row = terminals.locked(unit, device)
    if row is None or row.status != "active":
        raise NotNow("terminal-unknown")
    on = machines.by_device(unit, device)
    if on is not None and on.id != machine.id:
        raise NotNow("terminal-elsewhere")
    if machine.device not in (None, device) and record.kind != "repair":
        raise NotNow("machine-fitted")
    if jobs.open_on(unit, machine.id) is not None:
        raise NotNow("machine-busy")
    item = stock.of_device(unit, device)
    if item is not None and item.state in ("scrapped", "returned"):
        raise NotNow("terminal-scrapped")
    return row


def _as_flashed(row: Terminal, hardware: str) -> None:
    """NotNow where the cable wrote another kind of switch into the terminal: that one it obeys.
    Who never told its kind is taken at the record's word."""
    if row.kind in service.HARDWARE and row.kind != hardware:
        raise NotNow(f"flashed-{row.kind}")


def _as_recorded(unit: Unit, record: ServiceRecord, machine: Machine) -> None:
    """By now the terminal may have told what was not known when it was fitted; NotNow."""
    told = service.read(unit, record).last.get("terminal")
    row = terminals.get(unit, machine.device) if told and machine.device else None
    if told and row is not None:
        _as_flashed(row, told["hardware"])


def _stock(
    unit: Unit,
    device: str,
    states: tuple[str, ...],
    to: str,
    record: ServiceRecord,
    person: Person,
) -> None:
    """Move the module in stock, if it is there in one of these states."""
    item = stock.of_device(unit, device) if device else None
    if item is not None and item.state in states:
        stock.move(unit, item.chip, to, person.id, record.id)


def describe(
    unit: Unit, record: ServiceRecord, person: Person, phone: str, told: dict[str, Any]
) -> None:
    """What the survey asks of the machine (DL 三(四)): keeper, supply, use, plate.

    BadMachine. The entry says what was changed; who the keeper is stays with the machine alone.
    """
    record = service.held(unit, record, person)
    machine = standing.held(unit, record.machine_id)
    changed = machines.describe(unit, machine, keeper_phone=phone, **told)
    service.add(unit, record, person, "machine", {"changed": sorted(changed)})


def seal(unit: Unit, record: ServiceRecord, person: Person, number: str) -> None:
    """The number of the seal 封条 that was put on."""
    record = service.held(unit, record, person)
    service.add(unit, record, person, "seal", {"number": number})


def work(unit: Unit, record: ServiceRecord, person: Person, done: str, parts: str) -> None:
    """What was done in a repair, and the parts that were changed."""
    record = service.held(unit, record, person)
    service.add(unit, record, person, "work", {"done": done, "parts": parts})


def test(unit: Unit, record: ServiceRecord, person: Person) -> FunctionTest:
    """Begin the function test of the machine's terminal; what bars it stands in the test."""
    record = service.held(unit, record, person)
    machine = service.machine_of(unit, record)
    _as_recorded(unit, record, machine)
    return testing.begin(unit, machine, person, record.id)


def test_off(unit: Unit, record: ServiceRecord, person: Person) -> None:
    """Open the relay again."""
    record = service.held(unit, record, person)
    running = service.test_of(unit, record)
    if running is not None:
        testing.end(unit, running)


def test_ticket(
    unit: Unit, record: ServiceRecord, person: Person, challenge: str
) -> Ticket | Refusals:
    """The function test where only the phone reaches the terminal: a ticket that begins it."""
    record = service.held(unit, record, person)
    machine = service.machine_of(unit, record)
    _as_recorded(unit, record, machine)
    return testing_by_ticket.begin(unit, machine, person, record.id, challenge)


def test_off_ticket(
    unit: Unit, record: ServiceRecord, person: Person, challenge: str, amps: int
) -> Ticket | Refusals:
    """A ticket that ends it; what current the phone read stands in the record as the phone's."""
    record = service.held(unit, record, person)
    running = service.test_of(unit, record)
    if running is None:
        raise NotNow("missing")
    if running.off_at is None:
        told = {"test": running.id, "amps": amps, "by": "phone"}
        service.add(unit, record, person, "measured", told)
    return testing_by_ticket.end(unit, running, person, challenge, amps)


def finish(
    unit: Unit, record: ServiceRecord, person: Person, pdf: bytes, seen: int
) -> ServiceRecord:
    """Keep the document of a complete record, drawn when it had `seen` entries; nothing follows.

    Its pictures stay as long as the record does: a hold of their own.
    """
    record = service.held(unit, record, person)
    if service.left(unit, record) != ["document"] or len(service.entries(unit, record)) != seen:
        raise NotNow("missing")
    digest = media.keep_document(unit, pdf)
    service.add(unit, record, person, "document", {"digest": digest})
    record.document, record.finished_at = digest, unit.now
    unit.db.flush()
    if device := service.machine_of(unit, record).device:
        outbox.tell(unit, "terminal-accepted", device, {"record": record.id})
    return record


def _kept(unit: Unit, record: ServiceRecord, made: media.Ready) -> str:
    digest = media.keep(unit, made).digest
    media.hold(unit, [digest], f"{record.kind}:{record.id}")
    return digest
