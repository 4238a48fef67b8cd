"""The hot-work permits of all enterprises, read only: they alone approve and withdraw."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.oversight import registers
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.registry.sight import Sight
from cloud.web import visitor
from cloud.web.office.blueprint import blueprint
from cloud.web.office.items import Links, history
from cloud.web.office.registers import Row
from cloud.web.permits import GRADES, STATES, name_for
from cloud.web.regulator import looking
from cloud.web.shown import clock_time
from cloud.web.trouble import not_yours
from cloud.web.welder.pages import person_of
from cloud.web.welder.words import JOB_STATES
from cloud.work import permits
from cloud.work.facts import DAY_MS, end_of_china_day
from cloud.work.permits import Permit

_ASKED, _PLACE, _JOBS = 64, 200, 50


@blueprint.get("/registers/permits")
def permit_list() -> str:
    """Permits whose time touches a `day` (today), of one `state`, machine or enterprise `q`."""
    asked = request.args.get("q", "").strip()[:_ASKED]
    after = request.args.get("after", "")[:_PLACE]
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        day = _day(request.args.get("day", ""), china_day(unit.now))
        page = registers.hot_work(unit, where.sight, _hours(day), state, after, asked)
        found = [one for (one,) in page.rows]
        viewer = person_of(unit, visitor.signed_in())
        unit.hold(Machine, (one.machine_id for one in found))
        unit.hold(Enterprise, (one.enterprise_id for one in found))
        unit.hold(Person, (id for one in found for id in (one.asked_by, one.approved_by)))
        unworded = registers.unworded(unit, eyes, found)
        rows = [_row(unit, one, viewer, one.id not in unworded) for one in found]
        offered = looking.choices(unit, eyes, where)
    kept = {"day": day.isoformat(), "state": state, "q": asked}
    return render_template(
        "office/permits.html",
        heads=_heads(),
        rows=rows,
        after=page.after,
        first=not after,
        offered=offered,
        states=STATES,
        query=looking.query(eyes, where) | {name: one for name, one in kept.items() if one},
        **kept,
    )


@blueprint.get("/registers/permits/<id>")
def permit(id: str) -> str:
    """One permit with the jobs under it."""
    with visitor.ground().read() as unit:
        one = permits.get(unit, id)
        if one is None:
            abort(404)
        eyes = looking.here()[0]
        if not registers.sees_permit(unit, eyes, one):
            raise not_yours()
        viewer = person_of(unit, visitor.signed_in())
        worded = not registers.unworded(unit, eyes, [one])
        state, _sign = STATES[permits.state_of(one, unit.now)]
        return render_template(
            "office/item.html",
            title=_("动火作业票"),
            code="",
            facts=[(_("状态"), state), *_facts(unit, one, viewer, worded)],
            parts=[(_("这张票下的作业"), _jobs(unit, eyes, one))],
            history=history(unit, one.id),
            doors=_doors(unit, one),
            back=url_for("office.permit_list"),
        )


def _day(typed: str, today: date) -> date:
    """The day that the address names; nonsense means today."""
    try:
        return date.fromisoformat(typed[:10])
    except ValueError:
        return today


def _hours(day: date) -> tuple[int, int]:
    """A day of China in epoch ms."""
    ended = end_of_china_day(day)
    return ended - DAY_MS, ended


def _heads() -> tuple[str, ...]:
    return (
        *(_("作业内容"), _("状态"), _("动火等级"), _("审批单位"), _("电焊机")),
        *(_("作业地点"), _("时间"), _("申请人"), _("审批人")),
    )


def _row(unit: Unit, one: Permit, viewer: Person, worded: bool) -> Row:
    state, _sign = STATES[permits.state_of(one, unit.now)]
    facts = dict(_facts(unit, one, viewer, worded))
    said, *rest = (facts[name] for name in _heads() if name in facts)
    return Row(url_for("office.permit", id=one.id), (said or _("动火作业票"), state, *rest))


def _facts(unit: Unit, one: Permit, viewer: Person, worded: bool) -> list[tuple[str, Any]]:
    """`worded` = with what the permit says, which may be of a trade that is not the viewer's."""
    site, work, why = (one.site, one.work, one.ended_why) if worded else ("", "", "")
    firm = unit.db.get(Enterprise, one.enterprise_id)
    machine = unit.db.get(Machine, one.machine_id) if one.machine_id else None
    window = (clock_time(at, unit.now) for at in (one.window_from, one.window_to))
    return [
        (_("动火等级"), GRADES[one.grade]),
        (_("时间"), " – ".join(window)),
        (_("作业地点"), site),
        (_("作业内容"), work),
        (_("电焊机"), machine.name if machine else _("本单位任何一台")),
        (_("审批单位"), firm.name if firm else ""),
        (_("申请人"), name_for(unit, one.asked_by, viewer)),
        (_("审批人"), name_for(unit, one.approved_by, viewer)),
        (_("原因"), why),
    ]


def _doors(unit: Unit, one: Permit) -> list[tuple[str, str]]:
    machine = unit.db.get(Machine, one.machine_id) if one.machine_id else None
    doors = [(url_for("office.enterprise", id=one.enterprise_id), _("审批单位"))]
    if machine:
        doors.append((url_for("office.machine", code=machine.code), _("这台焊机")))
    return doors


def _jobs(unit: Unit, eyes: Sight, one: Permit) -> Links:
    """The last ones that the viewer sees, each with its machine."""
    return [
        (
            url_for("regulator.card", code=code),
            f"{clock_time(job.applied_at, unit.now)} · {job.work} · {JOB_STATES[job.state]}",
        )
        for job, code in registers.jobs_under(unit, eyes, one, _JOBS)
    ]
