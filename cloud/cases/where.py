"""Where an alarm is laid: in the district of the machine's open job, else in the machine's own; of
a terminal without a machine where it sat last."""

from typing import Any

from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine
from cloud.work import job as jobs
from cloud.work.job import Job


def of(unit: Unit, machine: Machine | None, device: str = "") -> dict[str, Any]:
    """`machine_id`, `job_id` and `district` for `alarms.raise_alarm`; without a machine the
    district alone, empty if the terminal never sat on one. `device` = who told it, perhaps of a
    time when it sat there: a job of today is not meant then."""
    if machine is None:
        before = machines.under(unit, device, None) if device else None
        return {"district": before.district if before else ""}
    job = jobs.open_on(unit, machine.id) if device in ("", machine.device) else None
    if job is not None:
        return during(job)
    return {"machine_id": machine.id, "job_id": None, "district": machine.district}


def during(job: Job) -> dict[str, Any]:
    """The same where the job is known."""
    return {"machine_id": job.machine_id, "job_id": job.id, "district": job.district}
