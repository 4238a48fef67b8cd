"""The page behind the link that a new installation prints: one account of the office is made."""

from __future__ import annotations

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import first_start
from cloud.registry import accounts
from cloud.registry.accounts import WeakPassword
from cloud.web import fields, visitor
from cloud.web.accounts.agents import agent
from cloud.web.accounts.blueprint import blueprint
from cloud.web.accounts.registering import labels
from cloud.web.trouble import Trouble, bad_input, throttled, wants_json

_FIELDS = ("name", "login", "district")
_LINE = 64
_PASSWORD = 128


@blueprint.route("/first", methods=["GET", "POST"])
def first() -> ResponseReturnValue:
    """The office's first account, by the printed link; it goes on to its second factor."""
    ground, said = visitor.ground(), labels()
    if request.method == "GET":
        return render_template("accounts/first.html", labels=said)
    token = fields.secret("code", _("一次性码"), limit=_PASSWORD)
    address = request.remote_addr or ""
    with ground.write() as unit:  # committed in any case: a link that opens nothing is one try
        slower = accounts.tries(unit, "first", address) >= ground.settings.throttle_failures
        opens = not slower and first_start.opens(unit, token)
        if not (slower or opens):
            accounts.too_often(unit, "first", address)
    if slower:
        raise throttled(ground.settings.throttle_s)
    if not opens:
        raise _over()
    told = {name: fields.text(name, said[name], limit=_LINE) for name in _FIELDS}
    try:
        kept = accounts.hashed(
            ground.settings, fields.secret("password", said["password"], limit=_PASSWORD)
        )
    except WeakPassword:
        raise bad_input(_("密码应是 8 到 128 个字符。"), "password") from None
    with ground.write() as unit:
        made = first_start.make(unit, token, kept=kept, **told)
        if isinstance(made, str):
            raise _wrong(made)
        begun = accounts.begin(unit, made, address, agent())
    after = url_for("accounts.factor")
    response = jsonify({"ok": True, "next": after}) if wants_json() else redirect(after, 303)
    visitor.keep_session(response, begun.token)
    return response


def _over() -> Trouble:
    todo = _("请在服务器上用 hanma first 取一个新的链接。")
    return Trouble(404, "link-over", _("这个链接已经用过，或者过了时间。"), todo)


def _wrong(what: str) -> Trouble:
    if what == "link":
        return _over()
    if what == "taken":
        return bad_input(_("这个账号或身份号码已经登记过。"), "login")
    return bad_input(_("“%(label)s”不对，请核对。", label=labels()[what]), what)
