"""My certificates 我的证件: what is kept of them, and entering one."""

from __future__ import annotations

from flask import jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.cases import entries
from cloud.cases.registrations import Turned
from cloud.registry import certificates, staff
from cloud.registry.certificates import ISSUERS, Certificate
from cloud.web import fields, visitor
from cloud.web.trouble import Trouble, bad_input, wants_json
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.pages import person_of
from cloud.work import papers

_LINE = 64


def issuer_words() -> dict[str, str]:
    """The issuers as they are shown."""
    return dict(zip(ISSUERS, (_("应急管理"), _("住建"), _("市场监管")), strict=True))


def labels() -> dict[str, str]:
    """The labels of the form, by field."""
    return {
        "issuer": _("发证部门"),
        "number": _("证件编号"),
        "category": _("作业类别"),
        "valid_from": _("有效期起"),
        "valid_to": _("有效期止"),
        "review_by": _("应复审日期"),
    }


@blueprint.get("/certificates")
def my_certificates() -> str:
    """The viewer's own certificates, numbers masked, and a form for another one."""
    with visitor.ground().read() as unit:
        who, today = visitor.signed_in().id, china_day(unit.now)
        rows = [shown(unit, one) for one in certificates.for_person(unit, who)]
        ending = staff.ending(unit, who, today)
    return render_template(
        "welder/certificates.html",
        rows=rows,
        labels=labels(),
        issuers=issuer_words(),
        ending=ending,
    )


@blueprint.post("/certificates")
def enter_certificate() -> ResponseReturnValue:
    """Enter a certificate; its issuer is asked at once where that can be."""
    said = labels()
    issuer = fields.choice("issuer", said["issuer"], ISSUERS)
    told = {
        name: fields.text(name, said[name], limit=_LINE, required=name != "review_by")
        for name in said
        if name != "issuer"
    }
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        done = entries.enter(unit, person_of(unit, viewer), issuer=issuer, **told)
    if isinstance(done, Turned):
        raise _turned(done)
    papers.freshen(visitor.ground(), viewer.id)
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("welder.my_certificates"), 303)


def shown(unit: Unit, one: Certificate) -> dict[str, str]:
    """One certificate as a page shows it."""
    states = {"suspended": _("暂扣"), "revoked": _("撤销")}
    return {
        "id": one.id,
        "issuer": issuer_words()[one.issuer],
        "number": certificates.masked_number(unit, one),
        "category": one.category,
        "until": certificates.last_day(one).isoformat(),
        "state": states.get(one.status, _("已核验")) if one.known else _("待核验"),
    }


def _turned(turned: Turned) -> Trouble:
    if turned.field == "taken":
        return bad_input(_("这个证件编号已经登记过。"), "number")
    if turned.field == "number":
        return bad_input(_("“%(label)s”没有填写。", label=labels()["number"]), "number")
    return bad_input(_("日期不对，应是 2027-01-05 这样，先起后止。"))
