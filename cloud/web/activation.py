"""The owner activates a machine that its maker coded 出厂赋码 (CQ art. 7)."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base import districts
from cloud.registry import maker_list, people
from cloud.registry.machines import INDUSTRIES, BadMachine
from cloud.web import fields, visitor
from cloud.web.trouble import Trouble, bad_input, log_in_first, not_yours, wants_json
from cloud.work import activating
from cloud.work.activating import NotEntitled

blueprint = Blueprint("activation", __name__)
_LINE = 60


def industry_words() -> dict[str, str]:
    """The fields as they are shown."""
    return dict(zip(INDUSTRIES, (_("工矿商贸"), _("建筑施工"), _("特种设备")), strict=True))


@blueprint.get("/activate/<code>")
def form(code: str) -> str:
    """The form for the first scan of a machine that its maker has coded."""
    with visitor.ground().read() as unit:
        line = maker_list.waiting(unit, code)
        if line is None:
            raise _unknown()
        return render_template("activation.html", line=line, industries=industry_words())


@blueprint.post("/activate/<code>")
def activate(code: str) -> ResponseReturnValue:
    """Activate a machine: name, district and field; the viewer's enterprise becomes the owner."""
    name = fields.text("name", _("设备名称"), limit=_LINE)
    district = fields.text("district", _("行政区划"), limit=12)
    industry = fields.choice("industry", _("监管领域"), INDUSTRIES)
    if not districts.valid(district) or len(district) < 6:
        raise bad_input(_("“%(label)s”不对。", label=_("行政区划")), "district")
    with visitor.ground().write() as unit:
        owner = people.get(unit, visitor.signed_in().id)
        if owner is None:
            raise log_in_first()
        told = {"name": name, "district": district, "industry": industry}
        try:
            machine = activating.activate(unit, code, owner, **told)
        except NotEntitled:
            raise not_yours() from None
        except BadMachine:
            raise bad_input(_("这台焊机或它的终端已经登记。")) from None
    if machine is None:
        raise _unknown()
    if wants_json():
        return jsonify({"ok": True, "machine": machine.code})
    return redirect(url_for("welder.machine", code=machine.code), 303)


def _unknown() -> Trouble:
    return Trouble(404, "machine-unknown", _("出厂清单里没有这台焊机，或者它已经激活。"))
