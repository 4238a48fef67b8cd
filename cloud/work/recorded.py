"""What a terminal's journal tells about jobs: work done by ticket, in the dark, and releases.

The line knows better while it stands: then the record only completes the book. While a terminal
is dark its journal, carried by a phone, is the latest that is known. What comes of a terminal that
is revoked is written down and moves nothing.
"""

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link import journal, terminals
from cloud.link.terminals import Terminal
from cloud.registry import machines
from cloud.work import closing, reconcile
from cloud.work import job as table
from cloud.work.job import Job

# The contact did not follow its coil, perhaps welded closed: the job is over, its power is not.
_FAULT = "fault"
# After these the terminal never closes its relay for the job again.
_FOR_GOOD = ("button", "gas", _FAULT)


def handlers() -> Handlers:
    """What the work does about entries of a journal, for `outbox.deliver`."""
    return {
        "journal-on": [switched],
        "journal-off": [switched],
        "journal-emergency-on": [release],
        "journal-emergency-off": [release],
    }


def switched(unit: Unit, event: Event) -> None:
    """The terminal wrote down that it closed or opened its relay for a job."""
    told = event.details
    found = table.by_id(unit, told["job"] or "")
    if found is None or found.device != told["device"]:
        return
    job, row = table.locked(unit, found), terminals.get(unit, told["device"])
    kind, at = event.kind.removeprefix("journal-"), told["at"] or unit.now
    as_told = told["via"] != journal.REVOKED  # its key may be somebody else's by now
    first = {"on_at": at} if as_told and kind == "on" and job.on_at is None else {}
    by = told["said"].get("by")
    note = {"seq": told["seq"], "at": at} | ({"by": by} if isinstance(by, str) else {})
    note |= {} if as_told else {"via": told["via"]}
    table.move(unit, job, f"recorded-{kind}", details=note, **first)
    if not as_told:
        return
    why = told["said"].get("why")
    if kind == "off" and why in _FOR_GOOD:
        if job.state in table.OPEN:
            closing.end(unit, job, table.SYSTEM, "terminal-ended")
        if why != _FAULT and not (row and _tells_closed(row)):
            reconcile.off_for_good(unit, job)
    if row is not None:
        _follow(unit, row, job)


def _tells_closed(row: Terminal) -> bool:
    """Whether the terminal tells of a closed relay now, or of one that does not obey."""
    return row.mode == _FAULT or (row.online and row.relay == 1)


def _follow(unit: Unit, row: Terminal, job: Job) -> None:
    last = journal.last_switch(unit, row.device, job.id)
    if last is None:
        return
    if row.online or row.state_at > (last.at or last.arrived_at):
        reconcile.settle(unit, row.device)
    elif last.kind == "on":
        reconcile.relay_closed(unit, job)
    elif last.details.get("why") != _FAULT:
        reconcile.relay_open(unit, job, last.at or last.arrived_at)


def release(unit: Unit, event: Event) -> None:
    """An emergency release began or ended: it goes into the book of the machine's district."""
    told = event.details
    machine = machines.under(unit, told["device"], told["at"])
    if machine is None:
        return
    what = event.kind.removeprefix("journal-")
    seen = {"device": told["device"], "seq": told["seq"], "at": told["at"], "via": told["via"]}
    audit.write(unit, machine.district, table.SYSTEM, what, machine.id, seen)
