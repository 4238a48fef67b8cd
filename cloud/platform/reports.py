"""What a platform reports (数据上报接口): bodies of the right form are fitted to the books."""

import msgspec

from cloud.base.unit import Unit
from cloud.book import media
from cloud.link import positions
from cloud.platform import shapes
from cloud.platform.trouble import Trouble
from cloud.registry import machines, people, platforms
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.registry.platforms import Known
from cloud.work import reported
from cloud.work.reported import Conflict, ReportedJob


def device_status(
    unit: Unit, caller: Known, _query: object, body: shapes.DeviceStatuses
) -> shapes.StatusesTaken:
    """设备状态上报."""
    late = 0
    for number, one in enumerate(body.statuses):
        _machine(unit, caller, one.device, f"statuses[{number}].device")
        fresh = reported.status(unit, caller.id, one.device, one.online, one.relay, one.at)
        late += not fresh
        if fresh and one.position is not None:
            told = msgspec.to_builtins(one.position)
            accuracy = told.pop("accuracy_m", None)
            told |= {"at": told.get("at") or one.at, "accuracy": accuracy}
            positions.keep(unit, one.device, told)
    return shapes.StatusesTaken(len(body.statuses), late)


def job_application(
    unit: Unit, caller: Known, _query: object, body: shapes.JobApplication
) -> shapes.Taken:
    """作业申请上报."""
    machine = _machine(unit, caller, body.device, "device")
    welders = [
        _person(unit, caller, one.id, "welder", f"welders[{number}].id")
        for number, one in enumerate(body.welders)
    ]
    for number, digest in enumerate(body.pictures):
        _picture(unit, caller, digest, f"pictures[{number}]")
    if body.proof is not None and body.proof.picture is not None:
        _picture(unit, caller, body.proof.picture, "proof.picture")
    told = msgspec.to_builtins(body)
    return _taken(reported.applied(unit, caller.id, machine, body.number, told, welders))


def fire_watch_record(
    unit: Unit, caller: Known, _query: object, body: shapes.FireWatchRecord
) -> shapes.Taken:
    """作业监护信息上报."""
    job = _job(unit, caller, body.job)
    _person(unit, caller, body.fire_watch, "fire_watch", "fire_watch")
    if body.joint_photo is not None:
        _picture(unit, caller, body.joint_photo, "joint_photo")
    return _taken(reported.watched(unit, job, msgspec.to_builtins(body)))


def job_result(unit: Unit, caller: Known, _query: object, body: shapes.JobResult) -> shapes.Taken:
    """作业信息上报."""
    job = _job(unit, caller, body.job)
    return _taken(reported.ended(unit, job, msgspec.to_builtins(body)))


def picture(
    unit: Unit, caller: Known, _query: shapes.MediaQuery, body: media.Ready
) -> shapes.Brought:
    """A picture for later reports; what the file told beside the picture is left out."""
    row = media.keep(unit, body)
    reported.brought(unit, caller.id, row.digest)
    return shapes.Brought(row.digest, row.size, row.width, row.height)


def _taken(row: ReportedJob | Conflict) -> shapes.Taken:
    if isinstance(row, Conflict):
        raise Trouble(row.why)
    return shapes.Taken(row.id, row.number, row.state, row.findings)


def _machine(unit: Unit, caller: Known, device: str, field: str) -> Machine:
    found = machines.by_device(unit, device)
    if found is None or not platforms.sees(unit, caller.id, found.enterprise_id):
        raise Trouble("unknown-device", field)
    return found


def _person(unit: Unit, caller: Known, id: str, role: str, field: str) -> Person:
    found = people.get(unit, id)
    firm = found.enterprise_id if found else None
    if not (found and firm and platforms.sees(unit, caller.id, firm) and role in found.roles):
        raise Trouble("unknown-person", field)
    return found


def _picture(unit: Unit, caller: Known, digest: str, field: str) -> None:
    if not reported.has_brought(unit, caller.id, digest):
        raise Trouble("unknown-picture", field)


def _job(unit: Unit, caller: Known, number: str) -> ReportedJob:
    found = reported.by_number(unit, caller.id, number)
    if found is None:
        raise Trouble("unknown-job", "job")
    return found
