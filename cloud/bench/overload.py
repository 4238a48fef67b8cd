"""`hanma bench overload`: a usual load, then many times as much, then rest; what gives and holds.

The queue in the cloud is bounded: beyond what it works off it reads no more, the broker keeps what
its own bound allows, and sheds the rest (shed: messages; heartbeats, for what counts comes again
until it is stored). alarm_after_s: until the office saw INTAKE_BEHIND, which must be over again
once all is worked off. recovered_s: from the end of the load until the last heartbeat of every
terminal, or a later one, and every entry of its journal were in the database. lost: of what
terminals were told `stored`, and welders 200, what is not in the database.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from cloud.base.unit import Ground
from cloud.bench import county, fleets, mosquitto, opened, presses, served
from cloud.bench.fleets import Fleets
from cloud.bench.machine import Usage
from cloud.bench.served import CONNECTED_S, NotReady, say
from cloud.cases.alarms import Alarm
from cloud.link.journal import JournalEntry
from cloud.work.job import Job
from simulator.fleet import PROFILES, Profile

_SEED = "overload"
_SLOW_BEAT_S = 10.0
_USUAL_S = 60.0  # at most: what is usual shows soon
_SEEDING_MIN = 10
_PRESSES, _PRESSES_HZ = 60, 2.0  # at most, while it lasts
_RECOVERED_S, _OVER_S = 600, 120
_LOOK_S = 1.0


@dataclass(frozen=True)
class Load:
    """`rate` messages a second for a minute at most, then `times` as many for `seconds`."""

    terminals: int
    rate: int
    times: float
    seconds: float
    fleets: int = 2


@dataclass
class _Seen:
    """What was seen while it lasted; the alarm at s from the start."""

    rate: float = 0.0
    alarm_after_s: float | None = None
    rss_mb: float = 0.0
    usages: list[Usage] = field(default_factory=list)

    @property
    def cpu_percent(self) -> float:
        return self.usages[-1].percent_since(self.usages[0])


def measure(load: Load, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if it was too much, and all held."""
    return served.printed("overload", folder, lambda data: _measured(data, load))


async def _measured(data: Path, load: Load) -> dict[str, Any]:
    count = load.terminals
    size = county.Size(count, max(100, 4 * _PRESSES, count))
    pressing = max(1, min(_PRESSES, count, int(load.seconds * _PRESSES_HZ)))
    devices, places = served.seeded(data, size, _SEED, pressing)
    ground = served.ground_at(data)
    waiting = opened.waiting(ground, places, _SEED, _SEEDING_MIN)
    ready = presses.signed_in(ground, places, waiting)
    usual = replace(PROFILES["busy"], beat_s=count / load.rate)
    slow = replace(usual, beat_s=max(_SLOW_BEAT_S, usual.beat_s), arrive_s=count / 250)
    with (
        mosquitto.running(data) as (broker, port),
        served.cloud(data, f"mqtt://127.0.0.1:{port}") as (process, web),
    ):
        pids = [broker.pid, process.pid]
        async with fleets.running(data, devices, [port], slow, load.fleets) as fleet:
            await fleet.connected(count, slow.arrive_s + CONNECTED_S)
            await fleet.settled()
            await _paced(fleet, usual, slow)
            before = await _watched(ground, fleet, pids, min(load.seconds, _USUAL_S))
            say(f"usual: {before.rate:.0f} a second, {before.cpu_percent:.0f} % CPU")
            await fleet.pace(replace(usual, beat_s=usual.beat_s / load.times))
            pressed = asyncio.create_task(presses.pressed(web, ready, _PRESSES_HZ))
            much = await _watched(ground, fleet, pids, load.seconds)
            say(f"too much: {much.rate:.0f} a second, {much.cpu_percent:.0f} % CPU")
            await fleet.pace(replace(slow, journal=1e-9, alarm=0.0))
            answers = await pressed
            recovered_s = await _recovered(ground, fleet)
            say(f"recovered after {recovered_s} s")
            over = await _over(ground)
            lost = _not_stored(ground, await fleet.terminals())
            taken = [waiting[device] for device in answers.taken]
            lost += _not_asked(ground, taken)
            shed = await asyncio.to_thread(mosquitto.shed, port)
    ground.close()
    took = sorted(answers.took_ms) or [float("inf")]
    held = recovered_s is not None and not lost
    return {
        "ok": held and much.alarm_after_s is not None and over,
        "terminals": count,
        "usual_rate": round(before.rate),
        "asked_rate": round(load.rate * load.times),
        "offered_rate": round(much.rate),
        "seconds": load.seconds,
        "shed": shed,
        "alarm_after_s": much.alarm_after_s,
        "alarm_over": over,
        "recovered_s": recovered_s,
        "limit_recovered_s": _RECOVERED_S,
        "lost": lost,
        "on_taken": len(taken),
        "on_refused": answers.refused,
        "on_p50_ms": round(took[len(took) // 2], 1),
        "on_worst_ms": round(took[-1], 1),
        "usual_cpu_percent": round(before.cpu_percent, 1),
        "cpu_percent": round(much.cpu_percent, 1),
        "rss_mb": round(max(before.rss_mb, much.rss_mb)),
    }


async def _paced(fleet: Fleets, profile: Profile, before: Profile) -> None:
    """All keep this pace: each goes over to it with its next heartbeat."""
    await fleet.pace(profile)
    await asyncio.sleep(1.2 * before.beat_s)


async def _watched(ground: Ground, fleet: Fleets, pids: list[int], seconds: float) -> _Seen:
    seen = _Seen(usages=[Usage.of(pids)])
    acked, began = (await fleet.look())["acked"], time.monotonic()
    while time.monotonic() < began + seconds:
        await asyncio.sleep(min(_LOOK_S, seconds))
        seen.usages.append(Usage.of(pids))
        seen.rss_mb = max(seen.rss_mb, seen.usages[-1].rss_mb)
        if seen.alarm_after_s is None and _alarmed(ground):
            seen.alarm_after_s = round(time.monotonic() - began, 1)
    seen.rate = ((await fleet.look())["acked"] - acked) / (time.monotonic() - began)
    return seen


async def _recovered(ground: Ground, fleet: Fleets) -> float | None:
    """s until all that was said is known; None if it took too long."""
    told = await fleet.terminals()
    said = {device: (one["epoch"], one["beat_up"]) for device, one in told.items()}
    began = time.monotonic()
    while time.monotonic() < began + _RECOVERED_S:
        if not served.behind(ground, said) and not (await fleet.look())["unstored"]:
            return round(time.monotonic() - began, 1)
        await asyncio.sleep(_LOOK_S)
    return None


def _alarmed(ground: Ground) -> bool:
    with ground.read() as unit:
        is_open = (Alarm.kind == "INTAKE_BEHIND") & Alarm.closed_at.is_(None)
        return bool(unit.db.scalar(select(func.count()).select_from(Alarm).where(is_open)))


def _not_stored(ground: Ground, terminals: dict[str, dict[str, Any]]) -> int:
    """Entries whose terminals were told that they are stored, and are not."""
    with ground.read() as unit:
        columns = (JournalEntry.device, JournalEntry.log, JournalEntry.seq)
        kept = {tuple(row) for row in unit.db.execute(select(*columns))}
    return sum(
        (device, one["log"], seq) not in kept
        for device, one in terminals.items()
        for seq in range(1, one["stored"] + 1)
    )


def _not_asked(ground: Ground, taken: list[str]) -> int:
    """Jobs whose welders were told 200, and whose ON is not in the book."""
    with ground.read() as unit:
        asked = set(unit.db.scalars(select(Job.id).where(Job.asked_at.is_not(None))))
    return len(set(taken) - asked)


async def _over(ground: Ground) -> bool:
    """Whether the alarm ends by itself."""
    try:
        await served.until(lambda: not _alarmed(ground), _OVER_S, "the alarm is over")
    except NotReady:
        return False
    return True
