"""Where an alarm about a machine is laid: in the district of its open job, else in its own."""

from typing import Any

from cloud.base.unit import Unit
from cloud.registry.machines import Machine
from cloud.work import job as jobs


def of(unit: Unit, machine: Machine | None) -> dict[str, Any]:
    """`machine_id`, `job_id` and `district` for `alarms.raise_alarm`; without a machine nobody's
    district, which is the office's."""
    if machine is None:
        return {"district": ""}
    job = jobs.open_on(unit, machine.id)
    place = {"district": machine.district, "job_id": None}
    if job is not None:
        place = {"district": job.district, "job_id": job.id}
    return {"machine_id": machine.id} | place
