"""Exempt places 豁免场所 (CQ art. 2): the office marks them, with a reason, and names the
machines that stand at an exempt site."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.registry import enterprises, machines, people, sites
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.sites import Site
from cloud.web import fields, visitor
from cloud.web.trouble import bad_input, log_in_first, not_yours, wants_json
from cloud.work import exempting
from cloud.work.exempting import NotEntitled

blueprint = Blueprint("exempt", __name__)
_LINE, _REASON, _CODES, _SHOWN = 64, 120, 2000, 200


@blueprint.get("/office/exempt")
def places() -> str:
    """Which enterprises and sites are exempt now, and a form."""
    with visitor.ground().read() as unit:
        return render_template("exempt.html", rows=_rows(unit))


@blueprint.post("/office/exempt")
def mark() -> ResponseReturnValue:
    """Mark the enterprise `uscc`, or its `site` and the `machines` there, with a `reason`; without
    one it is over."""
    uscc = fields.text("uscc", _("统一社会信用代码"), limit=_LINE)
    site = fields.text("site", _("工地名称"), limit=_LINE, required=False)
    reason = fields.text("reason", _("原因"), limit=_REASON, required=False)
    codes = fields.text("machines", _("焊机编码"), limit=_CODES, required=bool(site and reason))
    with visitor.ground().write() as unit:
        office = people.get(unit, visitor.signed_in().id)
        if office is None:
            raise log_in_first()
        try:
            place = _place(unit, uscc, site)
            exempting.mark(unit, place, office, reason, _machines(unit, codes))
        except NotEntitled:
            raise not_yours() from None
    return jsonify({"ok": True}) if wants_json() else redirect(url_for("exempt.places"), 303)


def _place(unit: Unit, uscc: str, site: str) -> Enterprise | Site:
    firm = enterprises.by_uscc(unit, uscc)
    if firm is None:
        raise bad_input(_("没有登记这家单位。"), "uscc")
    if not site:
        return firm
    found = [one for one in sites.of_enterprise(unit, firm.id) if one.name == site]
    if not found:
        raise bad_input(_("这家单位没有登记这个工地。"), "site")
    return found[0]


def _machines(unit: Unit, codes: str) -> list[Machine]:
    found = {}
    for code in filter(None, re.split(r"[,，、;；\s]+", codes)):
        machine = machines.by_code(unit, code)
        if machine is None:
            raise bad_input(_("没有编码为 %(code)s 的焊机。", code=code), "machines")
        found[machine.id] = machine
    return list(found.values())


def _rows(unit: Unit) -> list[dict[str, Any]]:
    firms = select(Enterprise).where(Enterprise.exempt != "").order_by(Enterprise.name)
    rows = [
        {"name": one.name, "uscc": one.uscc, "site": "", "machines": [], "reason": one.exempt}
        for one in unit.db.scalars(firms.limit(_SHOWN))
    ]
    places = select(Site, Enterprise).join(Enterprise, Enterprise.id == Site.enterprise_id)
    marked = places.where(Site.exempt != "").order_by(Site.name).limit(_SHOWN)
    for site, firm in unit.db.execute(marked):
        there = [one.code for one in machines.at_exempt_site(unit, site.id)]
        told = {"name": firm.name, "uscc": firm.uscc, "site": site.name}
        rows.append(told | {"machines": there, "reason": site.exempt})
    return rows
