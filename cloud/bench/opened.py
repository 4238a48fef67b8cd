"""Open jobs, many at once: one is played through the rooms, the others are copies of its rows.

Nothing here decides anything; `played.py` plays, the rooms decide.
"""

from typing import Any

from sqlalchemy import insert, select

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Ground
from cloud.bench.county import Place
from cloud.bench.played import Site
from cloud.work.job import Job
from cloud.work.pictures import JobPicture

_BATCH = 5_000
_HOUR_MS = 3_600_000


def waiting(ground: Ground, places: list[Place], seed: str, minutes: int = 0) -> dict[str, str]:
    """At each place a job that waits for ON, from `minutes` hence on; its id by the terminal."""
    played, pictures = _played(ground, places[0], seed)
    later = 60_000 * minutes
    shifted = {name: played[name] + later for name in ("state_at", "watched_at", "due_at")}
    return _copied(ground, played | shifted, pictures, places)


def running(ground: Ground, places: list[Place], seed: str) -> dict[str, str]:
    """At each place a job that is on for hours; its id by the terminal."""
    played, pictures = _played(ground, places[0], seed)
    now = ground.clock()
    times = dict.fromkeys(("state_at", "asked_at", "on_at", "seen_at"), now)
    on = {"state": "on", "lease_until": now + 4 * _HOUR_MS, "due_at": None}
    return _copied(ground, played | times | on, pictures, places)


def _played(
    ground: Ground, place: Place, seed: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The rows of a job up to the press of ON: its own, and its pictures'."""
    send = ground.send
    site = None
    ground.send = lambda device, body, light=False: site and site.down(body)
    site = Site.of(ground, place, seed)
    id = site.to_watched()
    ground.send = send
    with ground.read() as unit:
        job = columns(unit.db.get_one(Job, id))
        pictures = unit.db.scalars(select(JobPicture).where(JobPicture.job_id == id))
        return job, [columns(one) for one in pictures]


def _copied(
    ground: Ground, job: dict[str, Any], pictures: list[dict[str, Any]], places: list[Place]
) -> dict[str, str]:
    """The played job becomes as the copies are."""
    ids = {place.device: new_id() for place in places[1:]}
    jobs, shots = [], []
    for place in places[1:]:
        who = {"welder_id": place.welder, "fire_watch_id": place.watch}
        where = {"machine_id": place.machine, "device": place.device}
        jobs.append(job | who | where | {"id": ids[place.device]})
        for one in pictures:
            by = place.welder if one["person_id"] == job["welder_id"] else place.watch
            fresh = {"id": new_id(), "digest": new_id(), "job_id": ids[place.device]}
            shots.append(one | fresh | {"person_id": by})
    with ground.write() as unit:
        row = unit.db.get_one(Job, job["id"])
        for name, value in job.items():
            setattr(row, name, value)
        for table, rows in ((Job, jobs), (JobPicture, shots)):
            for start in range(0, len(rows), _BATCH):
                unit.db.execute(insert(table), rows[start : start + _BATCH])
    return {places[0].device: job["id"]} | ids


def columns(row: Base) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in type(row).__mapper__.column_attrs}
