"""`hanma bench ingest`: a fleet talks through Mosquitto to `hanma serve`, on this machine.

cpu_percent: what Mosquitto and the cloud take of the whole machine (100 = all cores) at that rate;
floor_cpu_percent: Mosquitto and a subscriber that only acknowledges, in the same run. The fleet
itself is not counted. lost: terminals whose last heartbeat that the broker took is not in the
database, and journal entries that were never confirmed.
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
from cloud.link import terminals
from simulator.fleet import PROFILES, Fleet, Profile

LIMIT_PERCENT = 27  # ThingsBoard's published figure for this load on two vCPU
_SETTLED_S, _QUIET_S = 240, 60
_WATCHED_S = 2.0
_SLOW_BEAT_S = 30.0


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
            fleet.pace(replace(profile, beat_s=3600.0))
            await _quiet(fleet, data, profile)
        lost = _lost(fleet, data)
        told = fleet.told()
        await fleet.stop()
    return {
        "ok": full["cpu_percent"] <= LIMIT_PERCENT and not lost and full["rate"] >= 0.95 * rate,
        "terminals": count,
        "rate": full["rate"],
        "lost": lost,
        "cpu_percent": full["cpu_percent"],
        "limit_cpu_percent": LIMIT_PERCENT,
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


async def _quiet(fleet: Fleet, data: Path, profile: Profile) -> None:
    """What is under way arrives: at most a minute."""
    await asyncio.sleep(2 * profile.beat_s)
    until = time.monotonic() + _QUIET_S
    while time.monotonic() < until and _lost(fleet, data):
        await asyncio.sleep(_WATCHED_S)


def _lost(fleet: Fleet, data: Path) -> int:
    ground = served.ground_at(data)
    lost = fleet.unstored
    with ground.read() as unit:
        for member in fleet.members:
            row = terminals.get(unit, member.terminal.device)
            here = row is not None and row.epoch == member.terminal.epoch
            lost += not (here and row is not None and row.beat_up >= member.beat_up)
    ground.close()
    return lost
