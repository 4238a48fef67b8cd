"""Modules and the codes that make terminals of them: what was done, and in the trail by whom.

`by` = a person's id, or the name of a program.
"""

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.link import enrolment, stock, terminals
from cloud.link.enrolment import NOWHERE, Enrolled, EnrolmentCode, Expected, Refused
from cloud.link.stock import StockItem
from cloud.registry import machines, standing
from cloud.registry.people import Person
from cloud.work import job as table

BY_HAND = ("received", "installed", "returned", "scrapped")  # flashed = enrolled, by a bench
_GONE = ("returned", "scrapped")
_RENEWALS = 3  # a bench may have to begin again


class StillFitted(Exception):
    """The module is on a machine: it is taken off first (taking_off.py)."""


def make_code(
    unit: Unit, whose: Person, times: int, hours: int, by: str
) -> tuple[EnrolmentCode, str]:
    """A code for a technician (or the office), shown this once; ValueError where it would be too
    good, or for somebody else."""
    if whose.status != "active" or not whose.roles & {"technician", "office"}:
        raise ValueError(f"no technician: {whose.id}")
    row, text = enrolment.make(unit, whose.id, times, hours)
    told = {"for": whose.id, "times": times, "until": row.until}
    audit.write(unit, whose.district, by, "enrolment-code-made", row.id, told)
    return row, text


def renew_code(
    unit: Unit, device: str, whose: Person, hours: int, by: str
) -> tuple[EnrolmentCode, str]:
    """A code by which a bench gives this terminal a fresh secret where it is fitted, while no job
    is open there; the one it has is good until then. ValueError as `make_code`, and where there
    is no such terminal."""
    known = terminals.get(unit, device)
    if known is None or known.status != "active":
        raise ValueError(f"no active terminal: {device}")
    if whose.status != "active" or not whose.roles & {"technician", "office"}:
        raise ValueError(f"no technician: {whose.id}")
    row, text = enrolment.make(unit, whose.id, _RENEWALS, hours, renews=device)
    told = {"for": whose.id, "code": row.id, "until": row.until}
    audit.write(unit, whose.district, by, "terminal-key-renewal", device, told)
    return row, text


def expected(
    unit: Unit, code: str, chip: str, digest: str, machine_code: str = ""
) -> Expected | Refused:
    """What `enrol` would say; nothing is changed."""
    at_work = _at_work(unit, chip)
    return enrolment.expected(unit, code, chip, digest, machine_code, at_work=at_work)


def enrol(
    unit: Unit, code: str, chip: str, secret: bytes, machine_code: str = "", kind: str = ""
) -> Enrolled | Refused:
    """A bench makes this chip a terminal, or gives it a fresh secret, by a code; never while a job
    is open with it (`job-open`), whose OFF the terminal would no more believe."""
    if (named := machines.by_code(unit, machine_code)) is not None:
        standing.held(unit, named.id, fitting=True)
    at_work = _at_work(unit, chip)
    return enrolment.enrol(unit, code, chip, secret, machine_code, kind, at_work=at_work)


def _at_work(unit: Unit, chip: str) -> bool:
    """Whether a job is open with what this chip is; the machine is held, so that none begins."""
    machine = machines.by_device(unit, enrolment.device_of(chip))
    if machine is None:
        return False
    machine = standing.held(unit, machine.id, fitting=True)
    return table.open_on(unit, machine.id) is not None


def end_code(unit: Unit, code_id: str, by: str) -> bool:
    """The code is good no more, at once; False if there is none."""
    if not enrolment.end(unit, code_id):
        return False
    audit.write(unit, NOWHERE, by, "enrolment-code-ended", code_id, {})
    return True


def move(unit: Unit, chip: str, state: str, by: str, note: str = "") -> StockItem:
    """Put a module into a state; a returned or scrapped one is revoked. BadStock, StillFitted."""
    known = stock.get(unit, chip)
    if state in _GONE and known and known.device and machines.by_device(unit, known.device):
        raise StillFitted(known.device)
    row = stock.move(unit, chip, state, by, note)
    audit.write(unit, NOWHERE, by, f"module-{state}", chip, {"device": row.device})
    if state in _GONE and row.device:
        revoke(unit, row.device, by)
    return row


def revoke(unit: Unit, device: str, by: str) -> bool:
    """Nothing is heard from this terminal any more; False if there is none."""
    if terminals.get(unit, device) is None:
        return False
    terminals.revoke(unit, device)
    audit.write(unit, NOWHERE, by, "terminal-revoked", device, {})
    return True


def set_papers(
    unit: Unit, row: StockItem, by: str, *, sim_until: str, insurance: str, insurance_until: str
) -> None:
    """SIM and insurance; empty = leave as it is. BadStock where a date is none."""
    given = {"sim_until": sim_until, "insurance_until": insurance_until}
    stock.set_papers(unit, row, insurance=insurance, **given)
    audit.write(unit, NOWHERE, by, "module-papers", row.chip, given)
