"""`hanma bench rush`: the morning, when all press ON: HTTP, decision, command, the relay's answer.

The earlier steps are seeded (opened.py). p50_ms, p99_ms: from the press to the HTTP answer, at a
fixed rate of presses. lost: taken presses whose terminal did not close its relay, or whose job is
not on in the database once all is quiet. refused: how many were not taken, `why` with the codes.
cpu_ms: what a press costs each part of processor time, the terminals and the phones that stand on
the same cores too. Terminals and brokers are processes of their own. With `whole` nothing is
seeded: see whole.py.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select

from cloud.base.unit import Ground
from cloud.bench import (
    county,
    fleets,
    history,
    mosquitto,
    opened,
    postgresql,
    presses,
    served,
    whole,
)
from cloud.bench.fleets import Fleets
from cloud.bench.machine import Usage, family
from cloud.bench.served import CONNECTED_S, say
from cloud.book import outbox
from cloud.cases import notices
from cloud.link import commands
from cloud.link.commands import Command
from cloud.work.job import Job
from simulator.fleet import PROFILES

LIMIT_MS = 500
_SEED = "rush"
_SEEDING_MIN = 10  # the fire watch's confirmation lasts; by then all is ready
_QUIET_S = 60
_REST_S = 600
_KEPT_UP = 0.95
_BESIDE = ("terminals", "phones")  # who asks, not what is asked


@dataclass(frozen=True)
class Rush:
    """`jobs` begin, `rate` a second, over so many brokers and processes of terminals; `apart` =
    the cloud as processes of its own too, `postgresql` = on one of our own, not on SQLite."""

    size: county.Size
    jobs: int
    rate: float
    brokers: int = 2
    fleets: int = 2
    whole: bool = False
    apart: bool = False
    postgresql: bool = False


def measure(rush: Rush, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    return served.printed("rush", folder, lambda data: _measured(data, rush))


async def _measured(data: Path, rush: Rush) -> dict[str, Any]:
    go = _whole if rush.whole else _pressed
    if not rush.postgresql:
        return await go(data, rush, _Store())
    with postgresql.running(data) as (url, pid):
        return await go(data, rush, _Store(url, [pid]))


@dataclass(frozen=True)
class _Store:
    """The database's URL, "" = SQLite among the data, and its processes."""

    url: str = ""
    pids: Sequence[int] = ()


async def _pressed(data: Path, rush: Rush, store: _Store) -> dict[str, Any]:
    devices, places = served.seeded(data, rush.size, _SEED, rush.jobs, store.url)
    ground = served.ground_at(data, store.url)
    waiting = opened.waiting(ground, places, _SEED, _SEEDING_MIN)
    history.fill(ground, [], rush.size, say)
    ready = presses.signed_in(ground, places, waiting)
    say(f"{len(ready)} welders are about to press ON")
    theirs = {device: devices[device] for device in waiting}
    async with _running(data, rush, store, theirs) as site:
        before = site.usage()
        answers = await presses.pressed(site.web, ready, rush.rate)
        after = site.usage()
        say(f"pressed in {answers.seconds:.0f} s")
        taken = {device: waiting[device] for device in answers.taken}
        lost = await _lost(ground, site.fleets, taken)
    ground.close()
    told = _told(rush, answers.took_ms, len(taken), answers.seconds, lost, before, after)
    good = told["p99_ms"] <= LIMIT_MS and not lost and len(taken) == rush.jobs
    return {"ok": good, **told, "limit_p99_ms": LIMIT_MS, "why": answers.refused}


async def _whole(data: Path, rush: Rush, store: _Store) -> dict[str, Any]:
    devices, places = served.seeded(data, rush.size, _SEED, rush.jobs, store.url)
    ground = served.ground_at(data, store.url)
    ears = whole.Ears()
    walks = whole.signed_in(ground, places, ears)
    say(f"{len(walks)} pairs are at their machines")
    theirs = {place.device: devices[place.device] for place in places}
    async with _running(data, rush, store, theirs, ears.hear) as site:
        before = site.usage()
        done = await whole.walked(site.web, walks, rush.rate)
        after = site.usage()
        say(f"walked in {done.seconds:.0f} s")
        lost = await _lost(ground, site.fleets, done.jobs)
    ground.close()
    told = _told(rush, done.took_ms, len(done.jobs), done.seconds, lost, before, after)
    kept_up = told["done_rate"] >= _KEPT_UP * rush.rate
    good = kept_up and not lost and len(done.jobs) == rush.jobs
    return {"ok": good, **told, "requests": done.requests, "why": done.refused}


@dataclass(frozen=True)
class _Site:
    fleets: Fleets
    web: int
    parts: dict[str, list[int]]

    def usage(self) -> dict[str, Usage]:
        """By part, with what they started since: PostgreSQL has a process for each connection."""
        families = {
            name: {one for pid in pids for one in family(pid)} for name, pids in self.parts.items()
        }
        return {name: Usage.of(list(pids)) for name, pids in families.items()} | {
            "terminals": Usage.of(self.fleets.pids),
            "phones": Usage.of([os.getpid()]),
        }


@asynccontextmanager
async def _running(
    data: Path,
    rush: Rush,
    store: _Store,
    secrets: dict[str, bytes],
    news: fleets.News | None = None,
) -> AsyncIterator[_Site]:
    """Brokers, cloud and terminals, all connected and at rest."""
    arrive_s = len(secrets) / 250
    quiet = replace(PROFILES["quiet"], arrive_s=arrive_s)
    with ExitStack() as stack:
        brokers = [stack.enter_context(mosquitto.running(data)) for _ in range(rush.brokers)]
        ports = [port for _process, port in brokers]
        urls = ",".join(f"mqtt://127.0.0.1:{port}" for port in ports)
        run = served.apart if rush.apart else served.whole
        ours, web = stack.enter_context(run(data, urls, store.url))
        async with fleets.running(data, secrets, ports, quiet, rush.fleets, news) as fleet:
            await fleet.connected(len(secrets), arrive_s + CONNECTED_S)
            await fleet.settled()
            await _at_rest(data, store)
            parts = ours | {"brokers": [broker.pid for broker, _port in brokers]}
            if store.pids:
                parts |= {"database": list(store.pids)}
            yield _Site(fleet, web, parts)


async def _at_rest(data: Path, store: _Store) -> None:
    """What the seeding and the log-ins left to do is done: the presses are measured alone."""
    ground = served.ground_at(data, store.url)
    try:
        await served.until(lambda: not _under_way(ground), _REST_S, "rest before the presses")
    finally:
        ground.close()


def _under_way(ground: Ground) -> bool:
    with ground.read() as unit:
        asked = exists().where(commands.IS_OPEN, Command.name == "policy")
        left = outbox.waiting(unit) or notices.waiting(unit)
        return bool(left or unit.db.scalar(select(asked)))


def _told(
    rush: Rush,
    took_ms: Sequence[float],
    taken: int,
    seconds: float,
    lost: int,
    before: dict[str, Usage],
    after: dict[str, Usage],
) -> dict[str, Any]:
    site = [name for name in before if name not in _BESIDE]
    return {
        "jobs": rush.jobs,
        "rate": rush.rate,
        "done_rate": round(taken / seconds, 1),
        **presses.shares(took_ms),
        "refused": rush.jobs - taken,
        "lost": lost,
        "machines": rush.size.machines,
        "welders": rush.size.welders,
        "brokers": rush.brokers,
        "fleets": rush.fleets,
        "apart": rush.apart,
        "database": "postgresql" if rush.postgresql else "sqlite",
        "cpu_percent": round(sum(after[name].percent_since(before[name]) for name in site), 1),
        "rss_mb": round(sum(after[name].rss_mb for name in site)),
        "cpu_ms": {
            name: round(1000 * (after[name].cpu_s - before[name].cpu_s) / rush.jobs, 2)
            for name in before
        },
    }


async def _lost(ground: Ground, fleet: Fleets, jobs: dict[str, str]) -> int:
    """Of these (by device), those that did not come on; what is under way may arrive."""
    ids, end = set(jobs.values()), time.monotonic() + _QUIET_S
    while True:
        with ground.read() as unit:
            on = set(unit.db.scalars(select(Job.id).where(Job.state == "on"))) & ids
        told = await fleet.terminals()
        moved = sum(told[device]["moved"] == [[job, 1]] for device, job in jobs.items())
        lost = len(ids) - min(len(on), moved)
        if not lost or time.monotonic() > end:
            return lost
        await asyncio.sleep(1)
