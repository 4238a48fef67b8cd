"""Alarms for officers and the office: the list, one alarm, and its steps to the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from cloud.base.unit import Unit
from cloud.cases import alarms, life
from cloud.cases.alarms import Alarm
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import answers, fields, paging, visitor
from cloud.web.regulator import looking
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import ALARM_KINDS, ALARM_STATES
from cloud.web.trouble import Trouble, not_yours, wants_json
from cloud.web.welder.pages import person_of

_WORDS = 200


@blueprint.get("/alarms")
def alarms_page() -> str:
    """The open alarms that the viewer sees, page by page."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        return render_template(
            "regulator/alarms.html",
            page=paging.turned(lambda limit, at: rows(unit, where.alarms(eyes), limit, at)),
            **looking.filters(unit, eyes, where),
            kinds=ALARM_KINDS,
            states=ALARM_STATES,
            now=unit.now,
        )


@blueprint.get("/alarms.json")
def alarms_json() -> Response:
    """The alarms as JSON, fifty a page, the overdue and grave ones before the others."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        page = paging.turned(lambda limit, at: rows(unit, where.alarms(eyes), limit, at))
        return answers.unless_known({"alarms": page.rows, "page": page.number, "more": page.more})


@blueprint.get("/alarms/<id>")
def alarm_page(id: str) -> ResponseReturnValue:
    """One alarm with the next step; JSON for programs."""
    with visitor.ground().read() as unit:
        person = person_of(unit, visitor.signed_in())
        shown = row(unit, _seen(unit, id, person)) | {"mine": person.id}
        now = unit.now
    if wants_json():
        return answers.unless_known(shown)
    words = {"kinds": ALARM_KINDS, "states": ALARM_STATES}
    return render_template(
        "regulator/alarm.html", alarm=shown, now=now, query=looking.kept(), **words
    )


@blueprint.post("/alarms/<id>/take")
def alarm_take(id: str) -> ResponseReturnValue:
    """An alarm is taken: the viewer sees to it."""
    return _step(id, life.take)


@blueprint.post("/alarms/<id>/verify")
def alarm_verify(id: str) -> ResponseReturnValue:
    """An alarm is verified, somebody was there: `words` = what was found."""
    found = fields.text("words", _("核实情况"), limit=_WORDS)
    return _step(id, lambda unit, alarm, person: life.verify(unit, alarm, person, found), found)


@blueprint.post("/alarms/<id>/close")
def alarm_close(id: str) -> ResponseReturnValue:
    """An alarm is closed: `words` = how it was put right."""
    done = fields.text("words", _("处理结果"), limit=_WORDS)
    return _step(id, lambda unit, alarm, person: life.close(unit, alarm, person, done), done)


@blueprint.post("/alarms/<id>/hand-over")
def alarm_hand_over(id: str) -> ResponseReturnValue:
    """An alarm goes to the department that is competent: `department` = its code."""
    code = fields.text("department", _("部门"), limit=32)
    return _step(id, lambda unit, alarm, person: life.hand_over(unit, alarm, person, code))


def _step(
    id: str, act: Callable[[Unit, Alarm, Person], str], written: str = ""
) -> ResponseReturnValue:
    """`written` = what is given back where the step is not done: nothing is lost in silence."""
    with visitor.ground().write() as unit:
        person = person_of(unit, visitor.signed_in())
        alarm = _seen(unit, id, person)
        try:
            why_not = act(unit, alarm, person)
        except life.NotEntitled:
            raise not_yours() from None
        shown = row(unit, alarm)
    looking.figures().forget()
    if why_not:
        words = {
            "closed": _("这条告警已经办结。"),
            "verified": _("这条告警已经核实过。"),
            "not-verified": _("请先核实，再办结。"),
            "no-department": _("没有这个部门。"),
        }[why_not]
        todo = _("请刷新页面看现在的状态。")
        if written:
            todo = _("您写的没有记下：“%(words)s”。", words=written) + todo
        raise Trouble(409, "alarm-step", words, todo)
    if wants_json():
        return jsonify({"ok": True, "alarm": shown, "refusals": []})
    return redirect(url_for("regulator.alarm_page", id=id, **looking.kept()), 303)


def _seen(unit: Unit, id: str, person: Person) -> Alarm:
    alarm = unit.db.get(Alarm, id)
    if alarm is None:
        abort(404)
    if not life.may_handle(unit, alarm, person):
        raise not_yours()
    return alarm


def rows(
    unit: Unit, which: ColumnElement[bool], most: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Alarms as plain values, the grave and overdue ones first."""
    found = select(Alarm, Machine.code).outerjoin(Machine, Machine.id == Alarm.machine_id)
    order = found.where(which).order_by(*alarms.GRAVE_FIRST)
    return [
        _shown(alarm, code) for alarm, code in unit.db.execute(order.limit(most).offset(offset))
    ]


def row(unit: Unit, alarm: Alarm) -> dict[str, Any]:
    """One alarm as plain values."""
    machine = unit.db.get(Machine, alarm.machine_id) if alarm.machine_id else None
    return _shown(alarm, machine.code if machine else None)


def _shown(alarm: Alarm, code: str | None) -> dict[str, Any]:
    names = (
        "id",
        "kind",
        "level",
        "state",
        "count",
        "district",
        "duty",
        "late",
        "holder",
        "department",
    )
    times = ("raised_at", "last_at", "due_at", "verified_at", "closed_at", "answered_at")
    words = ("verified_words", "closed_why", "answered_words")
    shown = {name: getattr(alarm, name) for name in (*names, *times, *words)}
    return shown | {"machine": code or "", "job": alarm.job_id}
