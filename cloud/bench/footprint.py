"""`hanma bench footprint`: what one more terminal and one more job cost, for sizing.

broker_kb_a_terminal, cloud_kb_a_terminal: memory of Mosquitto and of the cloud.
job_kb: what the database holds of a whole job with its journal entries, once retention has erased
what has served; year_gb: of a province's year. Its pictures come on top, as large as phones make
them. What a terminal sends in a month is measured on the real firmware (`hanma soak`).
"""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloud.app import handlers
from cloud.base.clock import now_ms
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench import county, mosquitto, served
from cloud.bench.machine import Usage
from cloud.bench.played import Site
from cloud.bench.served import CONNECTED_S, say, until
from cloud.book import outbox
from cloud.registry.people import Person
from cloud.retention import erase
from cloud.work import jobs
from cloud.work.job import profile_of
from simulator.fleet import PROFILES, Fleet

JOBS_A_DAY, DAYS = 28_000, 300
_JOBS = 60
_SEED = "footprint"
_YEAR_MS = 400 * 86_400_000


def measure(terminals: int, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if it could be measured."""
    return served.printed("footprint", folder, lambda data: _measured(data, terminals))


async def _measured(data: Path, terminals: int) -> dict[str, Any]:
    return {"ok": True, **await _connected(data / "fleet", terminals), **_kept(data / "jobs")}


async def _connected(data: Path, count: int) -> dict[str, Any]:
    data.mkdir()
    devices, _ = served.seeded(data, county.Size(count, 100), _SEED)
    profile = replace(PROFILES["wuyi"], arrive_s=max(5.0, count / 100))
    with mosquitto.running(data) as (broker, port):
        fleet = Fleet(devices, [("127.0.0.1", port)], profile)
        with served.cloud(data, f"mqtt://127.0.0.1:{port}") as (process, _):
            both = {"broker": broker.pid, "cloud": process.pid}
            before = {name: Usage.of([pid]).rss_mb for name, pid in both.items()}
            fleet.start()
            wait_s = profile.arrive_s + CONNECTED_S
            await until(lambda: fleet.connected == count, wait_s, "all connect")
            await until(lambda: not fleet.unstored, CONNECTED_S, "all journals are stored")
            grown = {
                f"{name}_kb_a_terminal": round(
                    (Usage.of([pid]).rss_mb - before[name]) * 1024 / count, 2
                )
                for name, pid in both.items()
            }
        await fleet.stop()
    return {"terminals": count} | grown


def _kept(data: Path) -> dict[str, Any]:
    """Whole jobs, then a year later, when what has served is erased."""
    data.mkdir()
    _devices, places = served.seeded(data, county.Size(_JOBS * 2, _JOBS * 4), _SEED, _JOBS)
    ahead = [0]
    settings = Settings(data_dir=data, argon2_kib=8, argon2_rounds=1)
    ground = Ground.open(settings, clock=lambda: now_ms() + ahead[0])
    sites = {place.device: Site.of(ground, place, _SEED) for place in places}
    ground.send = lambda device, body, light=False: sites[device].down(body)
    _swept(ground)
    before = _size(data)
    for site in sites.values():
        _whole(ground, site)
    _swept(ground)
    ahead[0] = _YEAR_MS
    while True:
        with ground.write() as unit:
            if not erase(unit):
                break
    ground.close()
    job_kb = (_size(data) - before) / _JOBS / 1024
    say(f"{_JOBS} whole jobs, and a year later")
    return {
        "job_kb": round(job_kb, 2),
        "jobs_a_year": JOBS_A_DAY * DAYS,
        "year_gb": round(job_kb * JOBS_A_DAY * DAYS / 2**20, 1),
    }


def _whole(ground: Ground, site: Site) -> None:
    """One job from the scan to the cleared site, with the journal of its terminal."""
    id = site.to_watched()
    with ground.write() as unit:
        job = jobs.by_id(unit, id)
        assert job is not None
        jobs.switch_on(unit, job, unit.db.get_one(Person, site.place.welder))
    _swept(ground)
    site.off(id)
    _swept(ground)
    with ground.write() as unit:
        job = jobs.by_id(unit, id)
        assert job is not None
        ticks = {tick.id for tick in profile_of(job).clear_checklist}
        jobs.clear(unit, job, unit.db.get_one(Person, site.place.welder), ticks)
    entries = site.terminal.entries()
    if entries is not None:
        site.up(entries)
    _swept(ground)


def _swept(ground: Ground) -> None:
    while outbox.deliver(ground, handlers()):
        pass


def _size(data: Path) -> int:
    """Bytes of the database without its empty pages."""
    file = next(data.glob("*.db"))
    fresh = data / "compact"
    with sqlite3.connect(file) as connection:
        connection.execute("VACUUM INTO ?", (str(fresh),))
    connection.close()
    size = fresh.stat().st_size
    fresh.unlink()
    return size
