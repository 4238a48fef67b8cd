"""The audit trail, and whether it is whole."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.book import inspection
from cloud.book.audit import AuditRow
from cloud.oversight import registers
from cloud.registry import people
from cloud.web import visitor
from cloud.web.office import trail as kinds
from cloud.web.office.blueprint import blueprint
from cloud.web.office.registers import Row
from cloud.web.shown import clock_time
from cloud.web.trouble import wants_json

_ASKED, _PLACE = 64, 200
_FINDINGS = 50


@blueprint.get("/office/audit")
def trail() -> str:
    """The audit trail, the latest first; `q` = an id of a subject or an actor."""
    asked = request.args.get("q", "").strip()[:_ASKED]
    with visitor.ground().read() as unit:
        page = registers.trail(unit, request.args.get("after", "")[:_PLACE], asked)
        rows = [_line(unit, one) for (one,) in page.rows]
    heads = (_("对象"), _("发生的事"), _("经办人"), _("时间"), _("编号"))
    return render_template(
        "office/trail.html", heads=heads, rows=rows, after=page.after, asked=asked, report=None
    )


@blueprint.post("/office/audit/verify")
def verify_trail() -> ResponseReturnValue:
    """Every chain and every checkpoint is checked, as `hanma audit verify` does."""
    with visitor.ground().read() as unit:
        report = inspection.inspect(unit)
    if wants_json():
        told = [{"row": one.row, "what": one.what} for one in report.findings[:_FINDINGS]]
        return {"ok": not report.findings, "rows": report.rows, "findings": told}
    return render_template(
        "office/trail.html",
        heads=(),
        rows=[],
        after="",
        asked="",
        report=report,
        most=_FINDINGS,
        found=kinds.FOUND,
    )


def _line(unit: Unit, one: AuditRow) -> Row:
    when = clock_time(one.at, unit.now)
    cells = (one.subject, kinds.told(one.what), _who(unit, one.actor), when, one.id)
    return Row(url_for("office.trail", q=one.subject), cells)


def _who(unit: Unit, actor: str) -> str:
    person = people.get(unit, actor)
    return mask_name(person.name) if person else actor[:12]
