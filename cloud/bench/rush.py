"""`hanma bench rush`: the morning, when all press ON: HTTP, decision, command, the relay's answer.

The earlier steps are seeded (opened.py). p50_ms, p99_ms: from the press to the HTTP answer, at a
fixed rate of presses. lost: taken presses whose terminal did not close its relay, or whose job is
not on in the database once all is quiet. refused: how many were not taken, `why` with the codes.
"""

import asyncio
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cloud.bench import county, history, mosquitto, opened, presses, served
from cloud.bench.machine import Usage
from cloud.bench.served import CONNECTED_S, say, until
from cloud.work.job import Job
from simulator.fleet import PROFILES, Fleet

LIMIT_MS = 500
_SEED = "rush"
_SEEDING_MIN = 10  # the fire watch's confirmation lasts; by then all is ready
_QUIET_S = 60


def measure(size: county.Size, jobs: int, rate: float, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    return served.printed("rush", folder, lambda data: _measured(data, size, jobs, rate))


async def _measured(data: Path, size: county.Size, jobs: int, rate: float) -> dict[str, Any]:
    devices, places = served.seeded(data, size, _SEED, jobs)
    ground = served.ground_at(data)
    waiting = opened.waiting(ground, places, _SEED, _SEEDING_MIN)
    history.fill(ground, [], size, say)
    ready = presses.signed_in(ground, places, waiting)
    say(f"{len(ready)} welders are about to press ON")
    theirs = {device: devices[device] for device in waiting}
    with mosquitto.running(data) as (broker, port):
        arrive_s = max(5.0, jobs / 250)
        quiet = replace(PROFILES["quiet"], arrive_s=arrive_s)
        fleet = Fleet(theirs, [("127.0.0.1", port)], quiet)
        with served.cloud(data, f"mqtt://127.0.0.1:{port}") as (process, web):
            fleet.start()
            await until(lambda: fleet.connected == jobs, arrive_s + CONNECTED_S, "all connect")
            await _settled(fleet)
            before = Usage.of([broker.pid, process.pid])
            answers = await presses.pressed(web, ready, rate)
            after = Usage.of([broker.pid, process.pid])
            say(f"pressed in {answers.seconds:.0f} s")
            lost = await _lost(ground, fleet, answers.taken, waiting)
        await fleet.stop()
    ground.close()
    took = sorted(answers.took_ms) or [float("inf")]
    p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
    refused = jobs - len(answers.taken)
    return {
        "ok": p99 <= LIMIT_MS and not lost and not refused,
        "jobs": jobs,
        "rate": rate,
        "done_rate": round(len(answers.taken) / answers.seconds, 1),
        "p50_ms": round(statistics.median(took), 1),
        "p99_ms": round(p99, 1),
        "limit_p99_ms": LIMIT_MS,
        "refused": refused,
        "why": answers.refused,
        "lost": lost,
        "machines": size.machines,
        "welders": size.welders,
        "cpu_percent": round(after.percent_since(before), 1),
        "rss_mb": round(after.rss_mb),
    }


async def _settled(fleet: Fleet) -> None:
    """What follows from the log-ins is done: policies come and are answered."""
    last = -1
    while fleet.counts.answers != last:
        last = fleet.counts.answers
        await asyncio.sleep(3)


async def _lost(ground: Any, fleet: Fleet, taken: list[str], jobs: dict[str, str]) -> int:
    """Of the taken ones, those that did not come on; what is under way may arrive."""
    closed = {one.terminal.device: one.terminal for one in fleet.members}
    ids = {jobs[device] for device in taken}
    end = time.monotonic() + _QUIET_S
    while True:
        with ground.read() as unit:
            on = set(unit.db.scalars(select(Job.id).where(Job.state == "on"))) & ids
        moved = sum(closed[device].moved == [(jobs[device], 1)] for device in taken)
        lost = len(ids) - min(len(on), moved)
        if not lost or time.monotonic() > end:
            return lost
        await asyncio.sleep(1)
