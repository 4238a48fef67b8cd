"""Every operation of Way 2 in one table: the site serves it, the OpenAPI page is made of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cloud.platform import queries, reports, shapes

ROOT = "/platform"
VERSION = "/v1"


@dataclass(frozen=True)
class Operation:
    """`does(unit, caller, query, body)` gives a struct, or raises Trouble.

    `body` None = there is none, bytes = a JPEG. `report` = once for each Idempotency-Key;
    `writes` = it needs a write unit. `troubles` = which ones besides those of every request.
    """

    name: str
    method: str
    path: str
    zh: str
    does: Callable[..., Any]
    query: type
    body: type | None
    answer: type
    troubles: tuple[str, ...] = ()
    report: bool = False
    writes: bool = False


_OWN = ("unknown-enterprise",)
_JOB = ("idempotency-key", "idempotency", "unknown-person", "unknown-picture", "done")

OPERATIONS = (
    Operation(
        *("terminals", "GET", "/terminals", "基本信息查询：终端"),
        *(queries.terminals, shapes.TerminalQuery, None, shapes.Terminals, _OWN),
    ),
    Operation(
        *("welders", "GET", "/welders", "基本信息查询：焊工"),
        *(queries.welders, shapes.PeopleQuery, None, shapes.People, _OWN),
    ),
    Operation(
        *("fireWatches", "GET", "/fire-watches", "基本信息查询：监护人员"),
        *(queries.fire_watches, shapes.PeopleQuery, None, shapes.People, _OWN),
    ),
    Operation(
        *("findWelders", "POST", "/welders/lookup", "按身份证号查焊工 ID"),
        *(queries.find_welders, shapes.NoQuery, shapes.Lookup, shapes.Found),
    ),
    Operation(
        *("findFireWatches", "POST", "/fire-watches/lookup", "按身份证号查监护人员 ID"),
        *(queries.find_fire_watches, shapes.NoQuery, shapes.Lookup, shapes.Found),
    ),
    Operation(
        *("jobs", "GET", "/jobs", "作业记录查询"),
        *(queries.jobs, shapes.JobQuery, None, shapes.JobRecords, _OWN),
    ),
    Operation(
        *("bringPicture", "POST", "/media", "图片上传"),
        *(reports.picture, shapes.MediaQuery, bytes, shapes.Brought, ("picture",)),
        writes=True,
    ),
    Operation(
        *("reportDeviceStatus", "POST", "/device-status", "设备状态上报"),
        *(reports.device_status, shapes.NoQuery, shapes.DeviceStatuses, shapes.StatusesTaken),
        ("idempotency-key", "idempotency", "unknown-device"),
        report=True,
        writes=True,
    ),
    Operation(
        *("reportJobApplication", "POST", "/job-applications", "作业申请上报"),
        *(reports.job_application, shapes.NoQuery, shapes.JobApplication, shapes.Taken),
        (*_JOB[:-1], "unknown-device", "number-taken"),
        report=True,
        writes=True,
    ),
    Operation(
        *("reportFireWatch", "POST", "/fire-watch-records", "作业监护信息上报"),
        *(reports.fire_watch_record, shapes.NoQuery, shapes.FireWatchRecord, shapes.Taken),
        (*_JOB, "unknown-job", "same-person"),
        report=True,
        writes=True,
    ),
    Operation(
        *("reportJobResult", "POST", "/job-results", "作业信息上报"),
        *(reports.job_result, shapes.NoQuery, shapes.JobResult, shapes.Taken),
        ("idempotency-key", "idempotency", "unknown-job", "times", "done"),
        report=True,
        writes=True,
    ),
)
