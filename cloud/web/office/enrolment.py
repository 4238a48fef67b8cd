"""Enrolment codes: who may make how many terminals until when; each code is shown once."""

from __future__ import annotations

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.cases import supply
from cloud.link import enrolment
from cloud.link.enrolment import HOURS_MAX, TIMES_MAX, EnrolmentCode
from cloud.registry import people
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.office.blueprint import blueprint
from cloud.web.trouble import bad_input, wants_json

_SHOWN, _LINE, _NUMBER = 50, 64, 4


@blueprint.get("/office/enrolment")
def codes() -> str:
    """The enrolment codes without their text, and a form for another one."""
    with visitor.ground().read() as unit:
        rows = enrolment.listed(unit)[:_SHOWN]
        names = _names(unit, rows)
        now = unit.now
    return render_template(
        "office/codes.html", rows=rows, names=names, now=now, times=TIMES_MAX, hours=HOURS_MAX
    )


@blueprint.post("/office/enrolment")
def make_code() -> ResponseReturnValue:
    """A code for the technician `login`, good for `times` and `hours`; it is shown this once."""
    login = fields.text("login", _("安装人员的账号"), limit=_LINE)
    times = _number("times", _("可以登记几台"))
    hours = _number("hours", _("有效几小时"))
    with visitor.ground().write() as unit:
        whose = people.by_login(unit, login)
        if whose is None or not whose.roles & {"technician", "office"}:
            raise bad_input(_("没有这个安装人员的账号。"), "login")
        try:
            row, text = supply.make_code(unit, whose, times, hours, visitor.signed_in().id)
        except ValueError:
            words = _("数量应是 1 到 1000，时间应是 1 到 168 小时，账号要在用。")
            raise bad_input(words) from None
        told = {"code": text, "id": row.id, "times": row.times, "until": row.until}
        name, now = whose.name, unit.now
    if wants_json():
        return told
    return render_template("office/code.html", told=told, name=name, now=now)


@blueprint.post("/office/enrolment/<id>/end")
def end_code(id: str) -> ResponseReturnValue:
    """An enrolment code is good no more, at once."""
    with visitor.ground().write() as unit:
        if not supply.end_code(unit, id, visitor.signed_in().id):
            abort(404)
    return {"ok": True} if wants_json() else redirect(url_for("office.codes"), 303)


def _names(unit: Unit, rows: list[EnrolmentCode]) -> dict[str, str]:
    ids = {row.who for row in rows}
    found = select(Person.id, Person.name).where(Person.id.in_(ids))
    return {id: name for id, name in unit.db.execute(found)}


def _number(name: str, label: str) -> int:
    text = fields.text(name, label, limit=_NUMBER)
    if not (text.isascii() and text.isdigit()):
        raise bad_input(_("“%(label)s”应是数字。", label=label), name)
    return int(text)
