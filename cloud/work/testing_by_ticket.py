"""The function test where only the technician's phone reaches the terminal: tickets, and what the
phone read beside it. What came of a ticket the receipt says (testing.py)."""

from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.link.tickets import Ticket
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import profiles, testing
from cloud.work.by_ticket import ticket_for_technician
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse
from cloud.work.testing import FunctionTest


def begin(
    unit: Unit, machine: Machine, technician: Person, record_id: str, challenge: str
) -> Ticket | Refusals:
    """A ticket that closes the relay for a minute at most, and the test that it is for."""
    if word := testing.shut(machine):
        return Refusals([refuse(word, profiles.load(unit.settings.profile))])
    id = new_id()
    made = ticket_for_technician(unit, technician, machine.device or "", "test", challenge, id)
    if not isinstance(made, Refusals):
        testing.keep(unit, testing.new(unit, id, machine, technician, record_id, ""), machine)
    return made


def end(
    unit: Unit, test: FunctionTest, technician: Person, challenge: str, amps: int
) -> Ticket | Refusals:
    """A ticket that opens the relay, and whose receipt says that it is open. `amps` = the most
    that the phone read while the relay was closed, which nothing but the phone vouches for."""
    made = ticket_for_technician(unit, technician, test.device, "off", challenge, test.id)
    if not isinstance(made, Refusals) and test.on_at is not None and test.off_at is None:
        test.off_asked_at = test.off_asked_at or unit.now
        test.amps = max(test.amps, amps)
    return made
