"""A machine that moves into a key zone 重点区域, or out of it, is under its rules at once.

WY: “赋码电焊机一旦进入划定重点区域，触发保护机制”.
A job begun under the other rules ends: authority given outside does not hold inside.
"""

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.book.outbox import Event, Handlers
from cloud.link import policies, positions
from cloud.registry import machines, zones
from cloud.registry.machines import Machine
from cloud.work import closing, profiles, terminal_policy
from cloud.work import job as table
from cloud.work.job import SYSTEM


def handlers() -> Handlers:
    """What the work does when a terminal tells where it is, for `outbox.deliver`."""
    return {"terminal-position": [moved]}


def moved(unit: Unit, event: Event) -> None:
    """The terminal told a place: is the machine in a zone now?"""
    device = event.details["device"]
    machine, place = machines.by_device(unit, device), positions.latest(unit, device)
    if machine is None or place is None:
        return
    zone = zones.at(unit, place.lng_e6, place.lat_e6, place.datum)
    found = zone.id if zone else ""
    if found != machine.zone_id:
        _enter(unit, machine, found)
        policies.want(unit, device, terminal_policy.of(unit, machine))


def _enter(unit: Unit, machine: Machine, zone_id: str) -> None:
    told = {"from": machine.zone_id, "to": zone_id}
    machines.set_zone(unit, machine, zone_id)
    audit.write(unit, machine.district, SYSTEM, "machine-zone", machine.id, told)
    job = table.open_on(unit, machine.id)
    if job is None:
        return
    job = table.locked(unit, job)
    # Under the rules of a place that it left, or without those of the place that it came to.
    wanted = profiles.at(job.profile.partition("@")[0], machine.key_zone)
    if table.profile_of(job).controlled and wanted.id != job.profile:
        closing.end(unit, job, SYSTEM, "zone")
