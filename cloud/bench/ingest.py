"""`hanma bench ingest`: a fleet talks through Mosquitto to `hanma serve`, on this machine.

cpu_percent: what Mosquitto and the cloud take of the whole machine (100 = all cores) at that rate;
floor_cpu_percent: Mosquitto and a subscriber that only acknowledges, in the same run. The fleet
itself is not counted. When the rate is over the terminals talk on at an easy pace; lost: those of
whom no heartbeat since is in the database, and journal entries that are still not confirmed after
a minute. shed: what Mosquitto took and had no room to keep, which a later word must replace.
"""

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloud.bench import county, machine, mosquitto, served
from cloud.bench.machine import Usage
from cloud.bench.served import CONNECTED_S, say, until
from simulator.fleet import PROFILES, Fleet

# ThingsBoard's published figure for this load on two vCPU; there is none for more than this.
LIMIT_PERCENT, _LIMIT_RATE = 27, 1000
_SETTLED_S, _QUIET_S = 240, 60
_WATCHED_S = 2.0
_SLOW_BEAT_S = 30.0
_NO_MORE = 1e-9  # no new entries, but those there are still go out


def measure(count: int, rate: int, seconds: float, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    return served.printed("ingest", folder, lambda data: _measured(data, count, rate, seconds))


async def _measured(data: Path, count: int, rate: int, seconds: float) -> dict[str, Any]:
    size = county.Size(count, max(100, count // 10))
    devices, _ = served.seeded(data, size, "ingest")
    profile = replace(PROFILES["busy"], beat_s=count / rate, arrive_s=max(5.0, count / 250))
    with mosquitto.running(data) as (broker, port):
        fleet = Fleet(devices, [("127.0.0.1", port)], replace(profile, journal=0.0, alarm=0.0))
        with machine.running(machine.python("cloud.bench.floor", str(port))) as bare:
            fleet.start()
            await until(lambda: fleet.connected == count, CONNECTED_S, "connected")
            floor = await _watched(fleet, [broker.pid, bare.pid], seconds)
        say(f"floor: {floor}")
        with served.cloud(data, f"mqtt://127.0.0.1:{port}") as (process, _):
            slow = max(profile.beat_s, _SLOW_BEAT_S)  # while all log in and get their policies
            fleet.pace(replace(profile, beat_s=slow))
            fleet.storm()
            await until(lambda: fleet.connected == count, CONNECTED_S, "back")
            await _settled(fleet)
            fleet.pace(profile)
            await asyncio.sleep(1.2 * slow)
            full = await _watched(fleet, [broker.pid, process.pid], seconds)
            say(f"cloud: {full}")
            fleet.pace(replace(profile, beat_s=slow, journal=_NO_MORE, alarm=0.0))
            lost = await _lost(fleet, data, slow)
        told, shed = fleet.told(), await asyncio.to_thread(mosquitto.shed, port)
        await fleet.stop()
    limit = LIMIT_PERCENT if rate <= _LIMIT_RATE else None
    within = limit is None or full["cpu_percent"] <= limit
    return {
        "ok": within and not lost and full["rate"] >= 0.95 * rate,
        "terminals": count,
        "rate": full["rate"],
        "lost": lost,
        "shed": shed,
        "cpu_percent": full["cpu_percent"],
        "limit_cpu_percent": limit,
        "floor_cpu_percent": floor["cpu_percent"],
        "floor_rate": floor["rate"],
        "rss_mb": full["rss_mb"],
        "commands": told["commands"],
        "oddities": told["oddities"],
        "seconds": seconds,
    }


async def _watched(fleet: Fleet, pids: list[int], seconds: float) -> dict[str, float]:
    before, acked = Usage.of(pids), fleet.counts.acked
    await asyncio.sleep(seconds)
    after = Usage.of(pids)
    return {
        "cpu_percent": round(after.percent_since(before), 1),
        "rate": round((fleet.counts.acked - acked) / (after.at - before.at)),
        "rss_mb": round(after.rss_mb),
    }


async def _settled(fleet: Fleet) -> None:
    """Every log-in and the policies that follow from them are done."""
    began, last = time.monotonic(), -1
    while time.monotonic() - began < _SETTLED_S:
        told = fleet.told()
        say(json.dumps(told))
        if told["commands"] == last and not told["unstored"]:
            return
        last = told["commands"]
        await asyncio.sleep(_WATCHED_S * 2)
    say("commands still come; measured all the same")


async def _lost(fleet: Fleet, data: Path, beat_s: float) -> int:
    """After each has beaten once more, and what is under way had a minute to arrive."""
    await asyncio.sleep(1.2 * beat_s)
    said = {one.terminal.device: (one.terminal.epoch, one.beat_up) for one in fleet.members}
    ground, end = served.ground_at(data), time.monotonic() + _QUIET_S
    while (lost := served.behind(ground, said) + fleet.unstored) and time.monotonic() < end:
        say(f"not in the database yet: {lost}")
        await asyncio.sleep(_WATCHED_S)
    ground.close()
    return lost
