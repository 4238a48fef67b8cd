"""Accounts by role, and making those that nobody can ask for."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.cases import registrations
from cloud.cases.registrations import NotEntitled, Turned
from cloud.oversight import registers
from cloud.registry import departments, factors
from cloud.web import fields, visitor
from cloud.web.office import words
from cloud.web.office.blueprint import blueprint
from cloud.web.office.items import done
from cloud.web.office.registers import Row, role_names
from cloud.web.trouble import bad_input, not_yours
from cloud.web.welder.pages import person_of

_LINE, _PLACE = 64, 200


@blueprint.get("/office/accounts")
def accounts() -> str:
    """Who has `?role=` (officers first), with the second factor; a form for another account."""
    role = request.args.get("role", "officer")
    role = role if role in words.ROLES else "officer"
    with visitor.ground().read() as unit:
        page = registers.accounts(unit, role, request.args.get("after", "")[:_PLACE])
        rows = [_row(unit, one) for (one,) in page.rows]
        posts = departments.every(unit)
    return render_template(
        "office/accounts.html",
        role=role,
        roles=words.ROLES,
        rows=rows,
        heads=(_("账号"), _("姓名"), _("角色"), _("辖区"), _("身份验证器"), _("状态")),
        after=page.after,
        made={name: words.ROLES[name] for name in registrations.BY_OFFICE},
        posts=posts,
    )


@blueprint.post("/office/accounts")
def appoint() -> ResponseReturnValue:
    """Make an account: name, login, phone, district, role, and an officer's department."""
    said = {
        "name": _("姓名"),
        "login": _("账号"),
        "phone": _("手机号码"),
        "district": _("行政区划代码"),
    }
    given = {name: fields.text(name, label, limit=_LINE) for name, label in said.items()}
    role = fields.choice("role", _("角色"), registrations.BY_OFFICE)
    post = fields.text("department", _("部门"), limit=_LINE, required=False)
    with visitor.ground().write() as unit:
        office = person_of(unit, visitor.signed_in())
        try:
            made = registrations.appoint(unit, office, role=role, department=post, **given)
        except NotEntitled:
            raise not_yours() from None
    if isinstance(made, Turned):
        if made.field == "taken":
            raise bad_input(_("这个账号或身份号码已经登记过。"), "login")
        label = said.get(made.field, _("部门"))
        raise bad_input(_("“%(label)s”不对，请核对。", label=label), made.field)
    return done(url_for("office.person", id=made.id), id=made.id)


def _row(unit: Unit, one: Any) -> Row:
    factor = _("已启用") if factors.in_force(unit, one.id) else _("没有")
    cells = (one.login, one.name, role_names(one.roles), one.district, factor)
    return Row(url_for("office.person", id=one.id), (*cells, words.PEOPLE[one.status]))
