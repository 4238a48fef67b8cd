"""A terminal that a cable wrote for another kind of switch than was accepted where it sits.

It obeys what it was written for: told of a thermal loop it takes current with the relay open for
ordinary, and one that bypasses a contactor goes unseen. It is an alarm and no refusal: the wiring
may well have been changed as it says, and who is to find out is a person on the spot. It is over
when it is written as accepted, when a finished record accepts what it is, or when it is gone.
"""

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, service, where
from cloud.link import terminals
from cloud.registry import machines

KIND = "REWIRED"


def handlers() -> Handlers:
    """What to do about events of terminals and records, for `outbox.deliver`; the subject of each
    is the terminal."""
    return {
        "terminal-kind": [looked],
        "terminal-accepted": [looked],
        "terminal-revoked": [looked],
    }


def looked(unit: Unit, event: Event) -> None:
    """What it was written for, or what was accepted, may be another by now."""
    device = event.subject
    row, machine = terminals.get(unit, device), machines.by_device(unit, device)
    accepted = service.accepted_wiring(unit, machine.id, device) if machine else ""
    told = row.kind if row and row.status == "active" and row.kind in service.HARDWARE else ""
    if accepted and told and told != accepted:
        alarms.raise_alarm(unit, KIND, device, **where.of(unit, machine))
    else:
        alarms.cleared(unit, KIND, device)
