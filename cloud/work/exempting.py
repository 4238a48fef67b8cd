"""Outside the rules: explosive and secret places (CQ art. 2) are counted, not controlled.

The office marks an enterprise, which counts for all its own machines, or a site, and names the
machines that stand there: what a welder types about the place counts for nothing. Such a machine
is switched on by a registered welder who scans it and presses ON: nothing else is asked, and of
the place and the work nothing is kept. The authority is still a lease (law 5) and the relay opens
at its end, so the machine is counted while it works; one that is locked or unsafe stays off.
"""

from collections.abc import Collection

from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import enterprises, machines, sites
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.registry.sites import Site

UNTOLD = "–"  # in place of site and work


class NotEntitled(Exception):
    """Only an active account of the office marks a place as exempt."""


def mark(
    unit: Unit,
    place: Enterprise | Site,
    office: Person,
    reason: str,
    there: Collection[Machine] = (),
) -> None:
    """Take a place out of the rules, or with an empty reason back into them. `there` = all the
    machines that stand at a site; whatever stood there besides is under the rules again.

    Event: `exempt-over` (subject = the place), at which counted work that is none any more ends.
    """
    if office.status != "active" or "office" not in office.roles:
        raise NotEntitled
    what = "exempt" if reason else "exempt-over"
    if isinstance(place, Site):
        sites.set_exempt(unit, place, reason)
        _put(unit, place, office, there if reason else ())
    else:
        enterprises.set_exempt(unit, place, reason)
    audit.write(unit, place.district, office.id, what, place.id, {})
    outbox.tell(unit, "exempt-over", place.id, {})


def _put(unit: Unit, site: Site, office: Person, there: Collection[Machine]) -> None:
    before = machines.at_exempt_site(unit, site.id)
    for machine in before:
        if machine not in there:
            machines.set_exempt_site(unit, machine, "")
            audit.write(unit, machine.district, office.id, "exempt-over", machine.id, {})
    for machine in there:
        if machine not in before:
            machines.set_exempt_site(unit, machine, site.id)
            audit.write(unit, machine.district, office.id, "exempt", machine.id, {})


def holds(unit: Unit, machine: Machine, client_id: str = "") -> bool:
    """Whether work with this machine is outside the rules; `client_id` = the enterprise for which
    it is done, where that is another than the machine's."""
    if machine.exempt_site_id:
        site = sites.get(unit, machine.exempt_site_id)
        if site is not None and site.exempt:
            return True
    if client_id not in ("", machine.enterprise_id):
        return False
    owner = enterprises.get(unit, machine.enterprise_id)
    return owner is not None and bool(owner.exempt)
