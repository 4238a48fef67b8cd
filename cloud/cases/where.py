"""Where an alarm about a machine is laid: in the district of its open job, else in its own."""

from typing import Any

from cloud.base.unit import Unit
from cloud.registry.machines import Machine
from cloud.work import job as jobs
from cloud.work.job import Job


def of(unit: Unit, machine: Machine | None, device: str = "") -> dict[str, Any]:
    """`machine_id`, `job_id` and `district` for `alarms.raise_alarm`; without a machine nobody's
    district, which is the office's. `device` = who told it, perhaps of a time when it sat there:
    a job of today is not meant then."""
    if machine is None:
        return {"district": ""}
    job = jobs.open_on(unit, machine.id) if device in ("", machine.device) else None
    if job is not None:
        return during(job)
    return {"machine_id": machine.id, "job_id": None, "district": machine.district}


def during(job: Job) -> dict[str, Any]:
    """The same where the job is known."""
    return {"machine_id": job.machine_id, "job_id": job.id, "district": job.district}
