"""A past for the made-up province: jobs that are over, jobs that run, alarms that are open.

Rows are copied from one that was played, under other names, straight into the tables: nothing
here decides anything.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, select

from cloud.base.ids import new_id
from cloud.base.unit import Ground
from cloud.bench import county
from cloud.bench.opened import columns
from cloud.cases import alarms
from cloud.registry.machines import Machine
from cloud.work.job import Job

_OVER = 100_000
_ALARMS = 3_000
_BATCH = 5_000
_KINDS = ("TAMPER", "OFFLINE_JOB", "OVER_TEMP", "LOW_SIGNAL")
_DAY_MS = 86_400_000


def fill(
    ground: Ground, free: list[county.Place], size: county.Size, say: Callable[[str], None]
) -> None:
    """`free` = machines on which no job is open: they get one that runs."""
    with ground.write() as unit:
        played = unit.db.scalars(select(Job).limit(1)).one()
        row = columns(played)
        machines = list(
            unit.db.execute(select(Machine.id, Machine.district, Machine.device).limit(_OVER))
        )
        over = {"state": "cleared", "device": None, "due_at": None, "end_reason": "welder"}
        rows: list[dict[str, Any]] = []
        for number in range(min(_OVER, size.machines * 3)):
            id, district, _device = machines[number % len(machines)]
            at = unit.now - _DAY_MS - number % 365 * _DAY_MS
            times = dict.fromkeys(("applied_at", "state_at", "ended_at", "off_confirmed_at"), at)
            told = {"id": new_id(), "machine_id": id, "district": district}
            rows.append(row | over | times | told)
        for place in free:
            who = {"welder_id": place.welder, "fire_watch_id": place.watch}
            on = {"state": "on", "on_at": unit.now, "asked_at": unit.now, "due_at": None}
            rows.append(
                row | {"id": new_id(), "machine_id": place.machine, "device": None} | who | on
            )
        for start in range(0, len(rows), _BATCH):
            unit.db.execute(insert(Job), rows[start : start + _BATCH])
    say(f"{len(rows)} more jobs, {len(free)} of them on")
    for start in range(0, min(_ALARMS, len(machines)), 500):
        with ground.write() as unit:
            for number, (id, district, device) in enumerate(machines[start : start + 500]):
                kind = _KINDS[number % len(_KINDS)]
                alarms.raise_alarm(unit, kind, device, district=district, machine_id=id)
    say(f"{min(_ALARMS, len(machines))} open alarms")
