"""`hanma bench storm`: every line of a fleet breaks at once, with work going on; all come back.

back_s: until every terminal has logged in again and stands in the database so. false_offline:
alarms "off-line during work" that were raised although the terminal came back (bound: 0, a line
that broke has a minute: cloud/cases/observed.py). floor_s: until the broker had them all again.
"""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from cloud.bench import county, mosquitto, opened, served
from cloud.bench.machine import Usage
from cloud.bench.served import CONNECTED_S, say, until
from cloud.cases.alarms import Alarm
from cloud.link.terminals import Terminal
from simulator.fleet import PROFILES, Fleet

LIMIT_S = 300
_WORKING_PERCENT = 20  # 28,000 of 153,000 machines
_SEED = "storm"
_ARRIVE_S = 60.0
_AFTER_S = 75  # when an alarm about a broken line would have been raised


def measure(count: int, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    return served.printed("storm", folder, lambda data: _measured(data, count))


async def _measured(data: Path, count: int) -> dict[str, Any]:
    size = county.Size(count, max(100, count))
    devices, places = served.seeded(data, size, _SEED, max(1, count * _WORKING_PERCENT // 100))
    ground = served.ground_at(data)
    jobs = opened.running(ground, places, _SEED)
    with mosquitto.running(data) as (broker, port):
        profile = replace(PROFILES["wuyi"], arrive_s=_ARRIVE_S)
        fleet = Fleet(devices, [("127.0.0.1", port)], profile)
        for member in fleet.members:
            if member.terminal.device in jobs:
                member.terminal.work(jobs[member.terminal.device], hours=4)
        with served.cloud(data, f"mqtt://127.0.0.1:{port}") as (process, _):
            fleet.start()
            await until(lambda: fleet.connected == count, CONNECTED_S, "all connect")
            first_s = await until(lambda: not _behind(ground, fleet), CONNECTED_S, "all log in")
            say(f"{count} terminals, {len(jobs)} at work, logged in after {first_s:.1f} s more")
            before = Usage.of([broker.pid, process.pid])
            began = time.monotonic()
            fleet.storm()
            await asyncio.sleep(0)
            floor_s = await until(lambda: fleet.connected == count, LIMIT_S, "all connect again")
            await until(lambda: not _behind(ground, fleet), LIMIT_S, "all log in again")
            back_s = time.monotonic() - began
            after = Usage.of([broker.pid, process.pid])
            say(f"back after {back_s:.1f} s; alarms are waited for")
            await asyncio.sleep(_AFTER_S)
            false = _alarms(ground)
            told = fleet.told()
        await fleet.stop()
    ground.close()
    return {
        "ok": back_s <= LIMIT_S and not false and not told["oddities"],
        "terminals": count,
        "working": len(jobs),
        "back_s": round(back_s, 1),
        "limit_back_s": LIMIT_S,
        "floor_s": round(floor_s, 1),
        "false_offline": false,
        "limit_false_offline": 0,
        "cpu_percent": round(after.percent_since(before), 1),
        "rss_mb": round(after.rss_mb),
        "oddities": told["oddities"],
    }


def _behind(ground: Any, fleet: Fleet) -> int:
    """How many terminals' last log-in is not in the database yet."""
    with ground.read() as unit:
        rows = select(Terminal.device, Terminal.epoch, Terminal.conn, Terminal.online)
        known = {device: told for device, *told in unit.db.execute(rows)}
    return sum(
        known[one.terminal.device] != [one.terminal.epoch, one.terminal.conn, True]
        for one in fleet.members
    )


def _alarms(ground: Any) -> int:
    with ground.read() as unit:
        rows = select(func.count()).where(Alarm.kind == "OFFLINE_JOB")
        return unit.db.scalar(rows) or 0
