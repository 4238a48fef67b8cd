"""Whoever starts a machine stands beside it: places more than 500 m apart are flagged.

Welder and fire watch each take pictures at the site, and phones write into them where that was;
the terminal tells where the machine is. Where only one place is known nothing is said: a picture
without a place is not a false one. A flag and no refusal: satellites err between walls.
"""

from math import cos, hypot, radians

from cloud.base.datum import to_wgs84
from cloud.base.unit import Unit
from cloud.book import media
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, where
from cloud.link import positions
from cloud.registry import machines
from cloud.work import job as jobs
from cloud.work import pictures
from cloud.work.job import Job

KIND = "REMOTE_START"
FAR_M = 500
_KNOWN_MS = 24 * 3600_000  # a machine may have been moved since
_M_A_DEGREE = 111_320  # of latitude

Place = tuple[float, float, float]  # degrees of WGS84, and how far it may be off, metres


def handlers() -> Handlers:
    """What to do about pictures and places, for `outbox.deliver`."""
    return {"picture-kept": [picture_kept], "terminal-position": [placed]}


def picture_kept(unit: Unit, event: Event) -> None:
    """Is the new picture's place far from the others of its job, or from the machine?"""
    job, here = jobs.by_id(unit, event.details["job"]), _pictured(unit, event.details["digest"])
    if job is None or here is None or job.state not in jobs.OPEN:
        return
    taken = {one.digest for one in pictures.of_job(unit, job.id)} - {event.details["digest"]}
    known = [_machine(unit, job), *(_pictured(unit, digest) for digest in sorted(taken))]
    if any(far(here, there) for there in known if there is not None):
        _raise(unit, job)


def placed(unit: Unit, event: Event) -> None:
    """The terminal told where it is: far from where the pictures of its open job were taken?

    Said once for a job, for places are told again and again.
    """
    machine = machines.by_device(unit, event.details["device"])
    job = jobs.open_on(unit, machine.id) if machine else None
    here = _machine(unit, job) if job else None
    if job is None or here is None or alarms.latest(unit, job.id, KIND) is not None:
        return
    taken = (_pictured(unit, one.digest) for one in pictures.of_job(unit, job.id))
    if any(far(here, there) for there in taken if there is not None):
        _raise(unit, job)


def _raise(unit: Unit, job: Job) -> None:
    alarms.raise_alarm(unit, KIND, job.id, **where.during(job))


def far(one: Place, two: Place) -> bool:
    """More than 500 m apart, even if each was off towards the other. Drawn on a plane."""
    north = (one[0] - two[0]) * _M_A_DEGREE
    east = ((one[1] - two[1] + 180) % 360 - 180) * _M_A_DEGREE * cos(radians(one[0]))
    return hypot(north, east) > FAR_M + one[2] + two[2]


def _pictured(unit: Unit, digest: str) -> Place | None:
    kept = media.get(unit, digest)
    if kept is None or kept.lat is None or kept.lng is None:
        return None
    return kept.lat / 1e6, kept.lng / 1e6, 0


def _machine(unit: Unit, job: Job) -> Place | None:
    """Where the terminal said it is; a mast's place without its error says too little."""
    told = positions.latest(unit, job.device) if job.device else None
    if told is None or told.at < unit.now - _KNOWN_MS:
        return None
    if told.accuracy_m is None and told.source != "gnss":
        return None
    lat, lng = told.lat_e6 / 1e6, told.lng_e6 / 1e6
    lat, lng = to_wgs84(lat, lng) if told.datum == "GCJ02" else (lat, lng)
    return lat, lng, told.accuracy_m or 0
