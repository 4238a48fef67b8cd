"""What officers and the office find of a machine: unsafe, sound again, scrapped for good.

An unsafe or scrapped machine is shut as a lock shuts it (job ended, terminal locked at once), one
that is sound again is opened as an unlock opens it; but a lock that stands goes on. Doing again
what was done changes nothing and writes nothing.
"""

from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import standing
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import cylinders, orders
from cloud.work.orders import NotEntitled
from cloud.work.refusal import Refusals
from cloud.work.rules.machines import unusable

# Each finding, and how the machine may stand before it.
FINDINGS = {
    "unsafe": ("usable", "locked"),
    "sound": ("unsafe",),
    "scrapped": ("usable", "locked", "unsafe"),
}
_ALREADY = {"unsafe": ("unsafe",), "sound": ("usable",), "scrapped": ("scrapped",)}


def find(
    unit: Unit, machine: Machine, person: Person, what: str, reason: str
) -> Machine | Refusals:
    """Write a finding down, by the office or by an officer who may lock the machine; only the
    office scraps. The machine as it stands now; Refusals if it cannot come there from where it
    stands (a scrapped one never comes back, a locked one is unlocked). NotEntitled; ValueError: no
    such finding, or no reason."""
    if what not in FINDINGS or not reason.strip():
        raise ValueError(what)
    if not _entitled(unit, machine, person, what):
        raise NotEntitled
    machine = standing.held(unit, machine.id)
    before = machine.status
    if before in _ALREADY[what]:
        return machine
    if before not in FINDINGS[what]:
        return orders.refused(unit, "machine-unusable", unusable(before))
    locked = what == "sound" and standing.lock_stands(unit, machine)
    after = {"sound": "locked" if locked else "usable"}.get(what, what)
    standing.change(unit, machine, what, after, person.id, reason)
    if what == "unsafe":
        _tell(unit, machine)
    if what != "sound":
        orders.shut(unit, machine, person.id, reason)
    elif not locked:
        orders.tell(unit, machine, "unlock")
    told = {"before": before, "after": after}
    audit.write(unit, machine.district, person.id, f"machine-{what}", machine.id, told)
    return machine


def open_to(unit: Unit, machine: Machine, person: Person) -> list[str]:
    """The findings that this person may write down of the machine as it stands."""
    return [
        what
        for what, before in FINDINGS.items()
        if machine.status in before and _entitled(unit, machine, person, what)
    ]


def _tell(unit: Unit, machine: Machine) -> None:
    """Its enterprise and who is at work with it must know (event `machine-unsafe`)."""
    job = cylinders.running_with(unit, machine)
    told = {"code": machine.code, "district": machine.district}
    told |= {"enterprise": machine.enterprise_id, "welder": job.welder_id if job else ""}
    outbox.tell(unit, "machine-unsafe", machine.id, told)


def _entitled(unit: Unit, machine: Machine, person: Person, what: str) -> bool:
    if what == "scrapped" and "office" not in person.roles:
        return False
    return orders.entitled(unit, machine, person, what)
