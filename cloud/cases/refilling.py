"""The emergency budget comes back: what was spent in one period of 30 days is given again in the
next (work page, emergency policy). The terminal takes it from signed policy alone, once for each
period; nobody has to think of it, and nobody can ask for more.
"""

from sqlalchemy import or_, select

from cloud.base.unit import Unit
from cloud.cases.releases import Release
from cloud.link import policies
from cloud.link.policies import TerminalPolicy
from cloud.link.terminals import Terminal

PERIOD_MS = 30 * 86_400_000
_AT_ONCE = 100


def sweep(unit: Unit) -> int:
    """Refill those that were heard of a release in the last period; how many. Safe with many
    workers: a period's number is taken once."""
    period = unit.now // PERIOD_MS
    begins = period * PERIOD_MS
    rows = (
        select(Release.device)
        .distinct()
        .join(Terminal, Terminal.device == Release.device)
        .outerjoin(TerminalPolicy, TerminalPolicy.device == Release.device)
        .where(
            Release.heard_at >= begins - PERIOD_MS,
            Release.heard_at < begins,
            Terminal.status == "active",
            or_(TerminalPolicy.device.is_(None), TerminalPolicy.refill < period),
        )
        .limit(_AT_ONCE)
    )
    devices = list(unit.db.scalars(rows))
    for device in devices:
        policies.refill(unit, device, period)
    return len(devices)
