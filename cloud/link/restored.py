"""After a restore: numbers that must never go back leap over all that was given out since the
backup. What counts itself forward again (a command's number, by the terminal's log-in) is not
among them.
"""

from sqlalchemy import update

from cloud.base.unit import Unit
from cloud.link import journal
from cloud.link.policies import TerminalPolicy
from cloud.link.tickets import TicketSeries

_LEAP = 1000  # more tickets, or changes of one terminal's policy, than come between two backups


def go_on(unit: Unit) -> None:
    """No ticket's number is given twice, no policy's version means two policies, and each terminal
    is asked for what it wrote after the backup."""
    unit.db.execute(update(TicketSeries).values(n=TicketSeries.n + _LEAP))
    unit.db.execute(update(TerminalPolicy).values(version=TerminalPolicy.version + _LEAP))
    journal.ask_for_later(unit)
