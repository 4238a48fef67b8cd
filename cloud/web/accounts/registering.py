"""Registering oneself with one's real name (CQ art. 22); the office looks at it afterwards."""

from __future__ import annotations

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import registrations
from cloud.cases.registrations import Turned
from cloud.registry import accounts
from cloud.registry.accounts import WeakPassword
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import Trouble, bad_input, throttled, wants_json

ROLES = ("welder", "fire_watch", "enterprise", "technician")
_LINE = 64
_PASSWORD = 128


def labels() -> dict[str, str]:
    """The labels of the form, by field."""
    return {
        "name": _("姓名"),
        "identity": _("公民身份号码"),
        "phone": _("手机号码"),
        "role": _("我是"),
        "uscc": _("单位的统一社会信用代码"),
        "district": _("行政区划代码"),
        "login": _("账号"),
        "password": _("密码"),
    }


def role_words() -> dict[str, str]:
    """The roles that one may ask for, as they are shown."""
    words = (_("焊工"), _("监护人"), _("作业单位人员"), _("安装人员"))
    return dict(zip(ROLES, words, strict=True))


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Registering: the form, and what becomes of it: the account waits for the office."""
    if request.method == "GET":
        return render_template("accounts/register.html", labels=labels(), roles=role_words())
    done = _registered()
    if isinstance(done, Turned):
        raise _turned(done)
    if wants_json():
        return jsonify({"ok": True, "status": done.status})
    return render_template("accounts/registered.html")


def _registered() -> Person | Turned:
    said = labels()
    told = {
        name: fields.text(name, said[name], limit=_LINE)
        for name in ("name", "identity", "phone", "district", "login")
    }
    role = fields.choice("role", said["role"], ROLES)
    uscc = fields.text("uscc", said["uscc"], limit=_LINE, required=False)
    password = fields.secret("password", said["password"], limit=_PASSWORD)
    ground = visitor.ground()
    with ground.write() as unit:
        if accounts.too_often(unit, "register", request.remote_addr or ""):
            raise throttled(ground.settings.throttle_s)
    try:
        kept = accounts.hashed(ground.settings, password)  # slow: not inside the unit
    except WeakPassword:
        raise bad_input(_("密码应是 8 到 128 个字符。"), "password") from None
    with ground.write() as unit:
        done = registrations.register(unit, roles=frozenset({role}), uscc=uscc, **told)
        if isinstance(done, Person):
            accounts.keep_password(unit, done.id, kept)
        return done


def _turned(turned: Turned) -> Trouble:
    if turned.field == "taken":
        return bad_input(_("这个账号或身份号码已经登记过。"), "login")
    if turned.field == "uscc":
        return bad_input(_("没有登记这家单位，请核对统一社会信用代码。"), "uscc")
    return bad_input(_("“%(label)s”不对，请核对。", label=labels()[turned.field]), turned.field)
