"""Orders of officers and the office to a machine's terminal: lock, unlock, look, find, restart.

Never ON. A lock holds although the terminal is dark: it is told at its next log-in, and the
machine's own status refuses every job meanwhile. The terminal of an unsafe or scrapped machine is
locked as well, since a release would close its relay too; an unlock does not make it sound
(soundness.py does).
"""

from contextlib import suppress

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link import commands, policies, snapshots, terminals, tickets
from cloud.link.commands import TerminalDark
from cloud.registry import machines, sight, standing
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import closing, cylinders, profiles, terminal_policy
from cloud.work import job as table
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse
from cloud.work.rules.machines import unusable
from cloud.work.rules.rule import Values

ORDERS = ("lock", "unlock", "locate", "restart", "snapshot")


class NotEntitled(Exception):
    """This person gives no orders here."""


def handlers() -> Handlers:
    """What to do about events of the link, for `outbox.deliver`."""
    return {"terminal-login": [logged_in], "machine-fitted": [fitted]}


def order(
    unit: Unit, machine: Machine, person: Person, what: str, reason: str = ""
) -> str | Refusals:
    """Give an order; the id of the snapshot, or empty. NotEntitled, ValueError (unknown order)."""
    if what not in ORDERS:
        raise ValueError(what)
    if not entitled(unit, machine, person, what):
        raise NotEntitled
    machine = standing.held(unit, machine.id)
    if machine.device is None:
        return refused(unit, "terminal-missing")
    if what == "unlock" and machine.status not in ("locked", "usable"):
        return refused(unit, "machine-unusable", unusable(machine.status))
    id = ""
    try:
        if what in ("lock", "unlock"):
            _lock(unit, machine, person, what, reason)
        elif what == "snapshot":
            id = snapshots.ask(unit, machine.device, person.id).id
        else:
            commands.issue(unit, machine.device, what, content={})
    except TerminalDark:
        return refused(unit, "terminal-dark")
    audit.write(unit, machine.district, person.id, f"order-{what}", machine.id, {})
    return id


def logged_in(unit: Unit, event: Event) -> None:
    """After a connect a terminal is as locked as its machine is."""
    machine = machines.by_device(unit, event.details["device"])
    if machine is not None:
        as_it_stands(unit, machine)


def fitted(unit: Unit, event: Event) -> None:
    """A table says that a terminal sits on this machine: it is as locked as the machine, and gets
    the policy of the place."""
    machine = machines.get(unit, event.subject)
    if machine is not None and machine.device and terminals.get(unit, machine.device):
        policies.want(unit, machine.device, terminal_policy.of(unit, machine))
        as_it_stands(unit, machine)


def as_it_stands(unit: Unit, machine: Machine) -> None:
    """Lock or unlock the machine's terminal where it is not as the machine stands."""
    row = terminals.get(unit, machine.device) if machine.device else None
    wanted = machine.status != "usable"
    if row is not None and (row.mode == "locked") != wanted:
        tell(unit, machine, "lock" if wanted else "unlock")


def shut(unit: Unit, machine: Machine, by: str, reason: str) -> None:
    """End what runs on a machine, void what was taken underground, lock its terminal if it has
    one."""
    running = cylinders.running_with(unit, machine)
    if running is not None:
        job = table.locked(unit, running)
        if job.state in table.OPEN:
            closing.end(unit, job, by, "locked", words=reason)
    if machine.device is not None:
        _void_tickets(unit, machine.device)
        tell(unit, machine, "lock")


def tell(unit: Unit, machine: Machine, what: str) -> None:
    """Send `lock` or `unlock` to the machine's terminal, if it has one."""
    if machine.device is not None:
        with suppress(TerminalDark):  # it is told at its log-in
            commands.issue(unit, machine.device, what, content={})


def entitled(unit: Unit, machine: Machine, person: Person, what: str) -> bool:
    """Whether an active account of the office, or an officer of the machine's or its job's place
    and trade; only the office restarts."""
    if person.status != "active":
        return False
    if "office" in person.roles:
        return True
    job = table.open_on(unit, machine.id)
    eyes = sight.of(unit, person)
    places = (machine.district, job.district if job else "")
    return bool(eyes and eyes.covers(machine.industry, *places) and what != "restart")


def refused(unit: Unit, code: str, values: Values | None = None) -> Refusals:
    """An order that is not possible, in the words of the rules."""
    return Refusals([refuse(code, profiles.load(unit.settings.profile), values)])


def _lock(unit: Unit, machine: Machine, person: Person, what: str, reason: str) -> None:
    after = {("lock", "usable"): "locked", ("unlock", "locked"): "usable"}
    status = after.get((what, machine.status), machine.status)
    standing.change(unit, machine, what, status, person.id, reason)
    if what == "lock":
        shut(unit, machine, person.id, reason)
    else:
        tell(unit, machine, "unlock")


def _void_tickets(unit: Unit, device: str) -> None:
    """What was taken underground before the lock is no good after it either."""
    number = tickets.next_free(unit, device)
    if number > 1:
        policies.set_own(unit, device, {"tickets_from": number})
