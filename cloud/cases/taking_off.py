"""A terminal leaves its machine for good: first the power, then the machine, at last its keys.
Or its keys are void where it sits: first the power here too.

The machine keeps its record, its label and its history; it can be worked with again when another
terminal is fitted.
"""

from contextlib import suppress

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.cases import supply
from cloud.link import commands, stock, terminals
from cloud.link.commands import TerminalDark
from cloud.link.terminals import Terminal
from cloud.registry import machines, standing
from cloud.registry.machines import Machine
from cloud.work import closing
from cloud.work import job as table

STATES = ("returned", "scrapped")


class NoTerminal(LookupError):
    """There is no terminal of this name."""


def take_off(
    unit: Unit, device: str, by: str, state: str, note: str = "", unplugged: bool = False
) -> bool:
    """Take a terminal off its machine, its module into `state`; NoTerminal, BadStock.

    False = not yet: an open job was ended and the terminal was told to open its relay and lock
    itself, and it is on line and has not said so. Ask again in some seconds. Its keys go only
    then, since afterwards nothing that we say is heard. unplugged: somebody saw to it that the
    machine has no mains. A terminal that is off line is not waited for: its lease ends by itself.
    """
    if terminals.get(unit, device) is None:
        raise NoTerminal(device)
    if state not in STATES:
        raise ValueError(state)
    machine = _held(unit, device)
    told_off = machine is not None and _end_job(unit, machine, by, "taken-off", note)
    row = terminals.locked(unit, device)
    assert row is not None
    if not unplugged and _heard(unit, row) and (told_off or row.relay != 0):
        _lock(unit, row)
        return False
    if machine is not None:
        machines.fit(unit, machine, None)
        audit.write(
            unit, machine.district, by, "terminal-taken-off", machine.id, {"device": device}
        )
    item = stock.of_device(unit, device)
    if item is not None and item.state != state:
        supply.move(unit, item.chip, state, by, note)  # and its keys
    elif row.status == "active":
        supply.revoke(unit, device, by)
    return True


def revoke(unit: Unit, device: str, by: str) -> bool:
    """Void its keys at once, wherever it sits; False if there is none.

    The last that it is told is to open its relay and to lock itself: an open job ends, and no
    emergency release begins without us. Where it does not hear that, the phone brings the OFF.
    """
    machine = _held(unit, device)
    if machine is not None:
        _end_job(unit, machine, by, "terminal-revoked")
    row = terminals.locked(unit, device)
    if row is not None and row.status == "active":
        _lock(unit, row)
    return supply.revoke(unit, device, by)


def _held(unit: Unit, device: str) -> Machine | None:
    """Its machine, held against other workers; None if it sits on none."""
    found = machines.by_device(unit, device)
    if found is None:
        return None
    return standing.held(unit, found.id, fitting=True)


def _end_job(unit: Unit, machine: Machine, by: str, why: str, note: str = "") -> bool:
    """End the machine's open job; whether its terminal may have known of it."""
    running = table.open_on(unit, machine.id)
    if running is None:
        return False
    job = table.locked(unit, running)
    closing.end(unit, job, by, why, words=note)
    return job.asked_at is not None


def _heard(unit: Unit, row: Terminal) -> bool:
    return row.status == "active" and row.online and (row.deadline or 0) > unit.now


def _lock(unit: Unit, row: Terminal) -> None:
    """Once: a terminal without a machine is not for emergency release either."""
    last = commands.latest(unit, row.device, "lock")
    if last is not None and last.state in commands.OPEN:
        return
    with suppress(TerminalDark):
        commands.issue(unit, row.device, "lock", content={})
