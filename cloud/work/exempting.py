"""Outside the rules: explosive and secret places (CQ art. 2) are counted, not controlled.

The office marks an enterprise or a site, with a reason. There a coded machine is switched on by a
registered welder who scans it and presses ON: nothing else is asked, and of the place and the work
nothing is kept. The authority is still a lease (law 5) and the relay opens at its end, so the
machine is counted while it works; a machine that is locked or unsafe stays off.
"""

from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import enterprises, sites
from cloud.registry.enterprises import Enterprise
from cloud.registry.people import Person
from cloud.registry.sites import Site

UNTOLD = "–"  # in place of site and work


class NotEntitled(Exception):
    """Only an active account of the office marks a place as exempt."""


def mark(unit: Unit, place: Enterprise | Site, office: Person, reason: str) -> None:
    """Take a place out of the rules, or with an empty reason back into them.

    Event then: `exempt-over` (subject = the enterprise), at which the counted work there ends.
    """
    if office.status != "active" or "office" not in office.roles:
        raise NotEntitled
    if isinstance(place, Site):
        sites.set_exempt(unit, place, reason)
    else:
        enterprises.set_exempt(unit, place, reason)
    what = "exempt" if reason else "exempt-over"
    audit.write(unit, place.district, office.id, what, place.id, {})
    if not reason:
        firm = place.enterprise_id if isinstance(place, Site) else place.id
        outbox.tell(unit, "exempt-over", firm, {})


def holds(unit: Unit, enterprise_id: str, site: str = "") -> bool:
    """Whether work of this enterprise, at its site of this name, is outside the rules."""
    owner = enterprises.get(unit, enterprise_id)
    if owner is None or owner.exempt:
        return owner is not None
    place = sites.named(unit, enterprise_id, site)
    return place is not None and bool(place.exempt)
