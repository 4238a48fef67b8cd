"""Two terminals that tell the same IMEI or the same ICCID: a copied module, a cloned card, or a
card that was moved to another machine by hand.

It is an alarm and no refusal: which of the two is the right one only people can see, and the wrong
one cut off would be the safe one as often as not. It is over when the numbers differ again, or one
of the two was revoked.
"""

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, where
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.link import terminals
from cloud.registry import machines

KIND = "NUMBER_TWICE"


def handlers() -> Handlers:
    """What to do about events of terminals, for `outbox.deliver`."""
    return {"terminal-numbers": [told], "terminal-revoked": [over]}


def told(unit: Unit, event: Event) -> None:
    """A terminal told numbers that it did not tell before: the alarm is about this one."""
    device = event.subject
    if terminals.with_its_numbers(unit, device):
        place = where.of(unit, machines.by_device(unit, device))
        alarms.raise_alarm(unit, KIND, device, **place)
    over(unit, event)


def over(unit: Unit, event: Event) -> None:
    """Whichever of the two changed, or went."""
    for device in list(unit.db.scalars(select(Alarm.subject).where(Alarm.kind == KIND, IS_OPEN))):
        if not terminals.with_its_numbers(unit, device):
            alarms.cleared(unit, KIND, device)
