"""Alarms about the enterprise's machines: it handles them first and writes what it did.

That is an answer, no step of the alarm's life: officers verify and close (cases/life.py).
"""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from cloud.base.unit import Unit
from cloud.cases import life
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.web import fields, paging, visitor
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.regulator.alarms import row
from cloud.web.regulator.words import ALARM_KINDS, ALARM_STATES
from cloud.web.trouble import Trouble, not_yours, wants_json

_WORDS = 200
_UNANSWERED = Alarm.answered_at.is_(None)


@blueprint.get("/enterprise/alarms")
def alarm_list() -> str:
    """The open alarms, those without an answer first, the grave before the others."""
    with visitor.ground().read() as unit:
        _person, firm = manager(unit)
        turned = paging.turned(lambda limit, offset: page_of(unit, firm, limit, offset))
        return render_template(
            "enterprise/alarms.html",
            page=turned,
            kinds=ALARM_KINDS,
            alarm_states=ALARM_STATES,
            now=unit.now,
        )


@blueprint.post("/enterprise/alarms/<id>")
def answer(id: str) -> ResponseReturnValue:
    """The first handling of an alarm: `words` = what was done about it."""
    words = fields.text("words", _("怎么处理的"), limit=_WORDS)
    with visitor.ground().write() as unit:
        person, _firm = manager(unit)
        alarm = unit.db.get(Alarm, id)
        if alarm is None:
            abort(404)
        try:
            why_not = life.answer(unit, alarm, person, words)
        except life.NotEntitled:
            raise not_yours() from None
    if why_not:
        said = {"closed": _("这条告警已经办结。"), "answered": _("这条告警已经答复过。")}
        raise Trouble(409, "alarm-step", said[why_not], _("请刷新页面看现在的状态。"))
    if wants_json():
        return jsonify({"ok": True})
    after = request.form.get("next", "") or url_for("enterprise.alarm_list")
    return redirect(visitor.local_path(after), 303)


def unanswered(unit: Unit, firm: str) -> int:
    """How many wait for an answer."""
    which = life.of_enterprise(firm) & IS_OPEN & _UNANSWERED
    return unit.db.scalar(select(func.count()).select_from(Alarm).where(which)) or 0


def page_of(
    unit: Unit, firm: str, limit: int, offset: int, *, answered: bool = True
) -> list[dict[str, Any]]:
    """Open alarms as plain values; without the answered ones if that is said."""
    rows = select(Alarm).where(life.of_enterprise(firm), IS_OPEN)
    rows = rows if answered else rows.where(_UNANSWERED)
    order = (Alarm.answered_at.is_not(None), Alarm.level.desc(), Alarm.raised_at, Alarm.id)
    return [
        row(unit, one)
        for one in unit.db.scalars(rows.order_by(*order).limit(limit).offset(offset))
    ]
