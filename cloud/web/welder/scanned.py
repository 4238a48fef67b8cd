"""From what was scanned or typed to the machine, and whether the viewer may look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from flask_babel import gettext as _

from cloud.base.ids import BadCode, read_code
from cloud.base.unit import Unit
from cloud.registry import accounts, labels, machines, maker_list
from cloud.registry.machines import Machine
from cloud.web import visitor
from cloud.web.trouble import Trouble, bad_input, not_yours, throttled
from cloud.web.visitor import Viewer
from cloud.work import jobs
from cloud.work.job import Job

_TYPED_MAX = 64
_GUESSED = ("code-misread", "machine-unknown")  # an old label, or a maker's, is a code
_GUESSES = 10  # times `throttle_failures`: the phones of a whole site may share one address


@contextmanager
def guesses_counted(viewer: Viewer | None) -> Iterator[None]:
    """Inside, codes that are none are counted, by account or a stranger's address; after too many,
    a 429. A label that was read is not counted: machines are not found by trying.
    """
    ground, whose = visitor.ground(), viewer.id if viewer else request.remote_addr or ""
    most = ground.settings.throttle_failures * _GUESSES
    with ground.read() as unit:
        if accounts.tries(unit, "code", whose) >= most:
            raise throttled(ground.settings.throttle_s)
    try:
        yield
    except Trouble as trouble:
        if trouble.code in _GUESSED:
            with ground.write() as unit:
                accounts.too_often(unit, "code", whose, most)
        raise


def machine_at(unit: Unit, typed: str) -> Machine:
    """The machine of this code, or a 404 that says whether it was misread or is unknown."""
    code = read_code(typed[:_TYPED_MAX])
    if isinstance(code, BadCode):
        raise _misread(code)
    machine = machines.by_code(unit, code)
    if machine is None and labels.was_replaced(unit, code):
        raise Trouble(
            404,
            "label-replaced",
            _("这张二维码已经更换，不再有效。"),
            _("请扫电焊机上的新二维码；没有新的，请联系作业单位。"),
        )
    if machine is None and maker_list.waiting(unit, code):
        raise Trouble(
            404,
            "not-activated",
            _("这台电焊机出厂时已赋码，还没有激活。"),
            _("请焊机所有单位的管理员登录后扫码激活。"),
        )
    if machine is None:
        raise Trouble(
            404,
            "machine-unknown",
            _("没有登记这台电焊机。"),
            _("请联系作业单位，先给这台电焊机办理赋码。"),
        )
    return machine


def job_at(unit: Unit, viewer: Viewer, typed: str, job_id: str) -> Job:
    """This job of the machine that was scanned, which the viewer may see; else a 4xx."""
    machine = machine_at(unit, typed)
    must_see(unit, viewer, machine)
    job = jobs.by_id(unit, job_id)
    if job is None or job.machine_id != machine.id:
        raise bad_input(_("没有这项作业。"))
    return job


def must_see(unit: Unit, viewer: Viewer, machine: Machine) -> None:
    """A 403 unless the viewer sees the machine."""
    if not sees(unit, viewer, machine):
        raise not_yours()


def sees(unit: Unit, viewer: Viewer, machine: Machine) -> bool:
    """Whether the viewer works on site, or this machine or its open job is theirs to see."""
    if viewer.roles & {"welder", "fire_watch"}:
        return True
    if "enterprise" in viewer.roles and viewer.enterprise_id == machine.enterprise_id:
        return True
    places = (machine.district, _place_of_job(unit, machine))
    return bool(viewer.eyes and viewer.eyes.covers(machine.industry, *places))


def _place_of_job(unit: Unit, machine: Machine) -> str:
    job = jobs.open_on(unit, machine.id)
    return job.district if job else ""


def _misread(code: BadCode) -> Trouble:
    words = {
        "length": _("设备码应是 14 位。"),
        "letters": _("设备码里有不该有的字符（没有 I、L、O、U）。"),
    }.get(code.reason, _("设备码读错了，校验位对不上。"))
    return Trouble(404, "code-misread", words, _("请对照二维码下面的字符，再输入一次。"))
