"""Hot-work permits 动火作业票: a welder asks, somebody else of the enterprise approves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    abort,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from sqlalchemy import Select, select

from cloud.base.clock import china_day
from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.registry import enterprises, machines, people, staff
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.registry.staff import Paper
from cloud.web import fields, paging, visitor
from cloud.web.trouble import Trouble, bad_input, not_yours, wants_json
from cloud.web.welder import screen
from cloud.web.welder.pages import person_of
from cloud.web.welder.papers import issuer_words
from cloud.web.welder.scanned import machine_at
from cloud.web.welder.steps import acted
from cloud.work import job as jobs
from cloud.work import permits
from cloud.work.permits import GRADES_H, Permit
from cloud.work.refusal import Refusals

blueprint = Blueprint("permits", __name__)
_LINE, _REASON, _ID = 60, 120, 32
_HOUR_MS = 3_600_000

GRADES = dict(zip(GRADES_H, (N_("特级"), N_("一级"), N_("二级")), strict=True))
STATES = {
    "waiting": (N_("等单位审批"), "waiting"),
    "approved": (N_("已批准"), "working"),
    "refused": (N_("未批准"), "stopped"),
    "taken-back": (N_("申请人已取消"), "stopped"),
    "withdrawn": (N_("已撤回"), "stopped"),
    "lapsed": (N_("过期未批"), "offline"),
    "over": (N_("已到期"), "offline"),
}


@blueprint.get("/permits")
def mine() -> str:
    """The enterprise's permits, or those that the viewer asked for, the last first; and a form."""
    with visitor.ground().read() as unit:
        person = person_of(unit, visitor.signed_in())
        firm = person.enterprise_id if "enterprise" in person.roles else None
        which = Permit.enterprise_id == firm if firm else Permit.asked_by == person.id

        def read(limit: int, offset: int) -> list[dict[str, Any]]:
            rows = select(Permit).where(which).order_by(Permit.asked_at.desc(), Permit.id.desc())
            return listed(unit, rows.limit(limit).offset(offset), person)

        turned = paging.turned(read)
        now = unit.now
    return render_template(
        "permits.html", page=turned, grades=GRADES, states=STATES, firm=firm, now=now
    )


@blueprint.post("/permits")
def ask() -> ResponseReturnValue:
    """Ask one's own enterprise for a permit; `machine` = a code, empty = any of its machines."""
    window_from = fields.moment("from", _("开始时间")) or 0
    typed = fields.text("machine", _("设备码"), limit=_LINE, required=False)
    given = told()
    hours = given.pop("hours")

    def act() -> str:
        with visitor.ground().write() as unit:
            person = person_of(unit, visitor.signed_in())
            machine = machine_at(unit, typed) if typed else None
            window = {"window_from": window_from, "window_to": window_from + hours * _HOUR_MS}
            firm = person.enterprise_id or ""
            one = _asked_once(unit, person, enterprise_id=firm, machine=machine, **window, **given)
            return one.id

    return _answered(fields.once(act))


@blueprint.post("/m/<code>/permit")
def ask_here(code: str) -> ResponseReturnValue:
    """A permit from a machine's page, from now on: whoever approves the work there is asked."""
    given = told()
    hours = given.pop("hours")
    contract = fields.text("contract", _("合同"), limit=_ID, required=False)

    def act(unit: Unit, machine: Machine, person: Person) -> Permit:
        firm = permits.approver(unit, person, machine, contract)
        window = {"window_from": unit.now, "window_to": unit.now + hours * _HOUR_MS}
        return _asked_once(unit, person, enterprise_id=firm, machine=machine, **window, **given)

    return acted(code, act)


def _asked_once(unit: Unit, person: Person, **told: Any) -> Permit:
    """Asked for, or what this form asked for before."""

    def asked() -> str:
        return _done(permits.ask(unit, person, **told)).id

    return unit.db.get_one(Permit, fields.once_in(unit, person.id, asked))


@blueprint.post("/permits/<id>/approve")
def approve(id: str) -> ResponseReturnValue:
    """The enterprise approves a permit."""
    return _act(id, permits.approve)


@blueprint.post("/permits/<id>/refuse")
def refuse(id: str) -> ResponseReturnValue:
    """The enterprise refuses a permit: `reason` = why."""
    why = fields.text("reason", _("原因"), limit=_REASON)
    return _act(id, lambda unit, permit, person: permits.turn_down(unit, permit, person, why))


@blueprint.post("/permits/<id>/withdraw")
def withdraw(id: str) -> ResponseReturnValue:
    """The enterprise withdraws a permit, and what runs under it stops: `reason` = why."""
    why = fields.text("reason", _("原因"), limit=_REASON)
    return _act(id, lambda unit, permit, person: permits.end(unit, permit, person, why=why))


@blueprint.post("/permits/<id>/take-back")
def take_back(id: str) -> ResponseReturnValue:
    """Who asked for a permit needs it no more."""
    return _act(id, permits.take_back)


def told() -> dict[str, Any]:
    """What every form says of the work: grade, hours, site, work."""
    hours = fields.text("hours", _("时长（小时）"), limit=2)
    if not (hours.isascii() and hours.isdigit()):
        raise bad_input(_("“%(label)s”不对。", label=_("时长（小时）")), "hours")
    return {
        "grade": fields.choice("grade", _("动火等级"), GRADES_H),
        "hours": int(hours),
        "site": fields.text("site", _("作业地点"), limit=_LINE),
        "work": fields.text("work", _("作业内容"), limit=_LINE),
    }


def listed(unit: Unit, rows: Select[Any], viewer: Person) -> list[dict[str, Any]]:
    """Permits as plain values, in their order. Names in clear only inside the enterprise."""
    found = list(unit.db.scalars(rows))
    unit.hold(Machine, (one.machine_id for one in found))
    unit.hold(Enterprise, (one.enterprise_id for one in found))
    unit.hold(Person, (id for one in found for id in (one.asked_by, one.approved_by)))
    may = {one.id: permits.acts(unit, one, viewer) for one in found}
    judged = sorted({one.asked_by for one in found if "approve" in may[one.id]})
    held = staff.papers(unit, judged, china_day(unit.now)) if judged else {}
    running = jobs.count_under(unit, [id for id, acts in may.items() if "withdraw" in acts])
    return [
        _shown(unit, one, viewer)
        | {
            "may": sorted(may[one.id]),
            "papers": _papers(held[one.asked_by]) if "approve" in may[one.id] else "",
            "jobs": running.get(one.id, 0),
        }
        for one in found
    ]


def _shown(unit: Unit, permit: Permit, viewer: Person) -> dict[str, Any]:
    machine = machines.get(unit, permit.machine_id) if permit.machine_id else None
    firm = enterprises.get(unit, permit.enterprise_id)
    return {
        "id": permit.id,
        "state": permits.state_of(permit, unit.now),
        "grade": permit.grade,
        "from": permit.window_from,
        "to": permit.window_to,
        "site": permit.site,
        "work": permit.work,
        "firm": firm.name if firm else "",
        "machine": machine.name if machine else "",
        "code": machine.code if machine else "",
        "asker": name_for(unit, permit.asked_by, viewer),
        "approver": name_for(unit, permit.approved_by, viewer),
        "asked_at": permit.asked_at,
        "why": permit.ended_why,
    }


def _papers(held: list[Paper]) -> str:
    """Until when the asker's welding certificates hold, for who is to approve."""
    good = [one for one in held if one.welding and one.level not in ("over", "bad")]
    words = issuer_words()
    said = [f"{words[one.certificate.issuer]} {one.until.isoformat()}" for one in good]
    return " · ".join(said) or _("没有有效的焊接操作证")


def name_for(unit: Unit, person_id: str | None, viewer: Person) -> str:
    """A name: in clear for oneself and one's own enterprise, masked for others."""
    person = people.get(unit, person_id) if person_id else None
    if person is None:
        return ""
    employs = "enterprise" in viewer.roles and viewer.enterprise_id == person.enterprise_id
    return person.name if person.id == viewer.id or employs else mask_name(person.name)


def _act(id: str, act: Callable[[Unit, Permit, Person], Permit | Refusals]) -> ResponseReturnValue:
    with visitor.ground().write() as unit:
        permit = permits.get(unit, id)
        if permit is None:
            abort(404)
        person = person_of(unit, visitor.signed_in())
        ours = "enterprise" in person.roles and person.enterprise_id == permit.enterprise_id
        if not ours and person.id != permit.asked_by:
            raise not_yours()
        done = act(unit, permit, person)
    return _answered(_done(done).id)


def _done(done: Permit | Refusals) -> Permit:
    """A refusal is said in words beside the form, since nothing here keeps it."""
    if isinstance(done, Refusals):
        one = screen.told(done)[0]
        raise Trouble(422, one["code"], one["words"], one["todo"], one["source"])
    return done


def _answered(permit_id: str) -> ResponseReturnValue:
    """Back to where the form was."""
    if wants_json():
        return jsonify({"ok": True, "permit": permit_id})
    after = request.form.get("next", "") or url_for("permits.mine")
    return redirect(visitor.local_path(after), 303)
