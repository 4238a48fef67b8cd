"""Setting one's PIN 作业密码, the first or another one: only right after signing in."""

from __future__ import annotations

from flask import jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import entrance
from cloud.registry import accounts, people, pins
from cloud.registry.pins import WeakPin
from cloud.web import fields, visitor
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import Trouble, bad_input, wants_json

_PATH = 512


@blueprint.route("/account/pin", methods=["GET", "POST"])
def pin() -> ResponseReturnValue:
    """The PIN. GET: its form, or the way to sign in again. POST: set, and back to `next`."""
    me = visitor.signed_in()
    if request.method == "POST":
        return _set()
    with visitor.ground().read() as unit:
        known = pins.standing(unit, me.id, "").word != pins.MISSING
        began = accounts.began_at(unit, visitor.session_token())
        fresh = unit.now < began + unit.settings.pin_fresh_s * 1000
    after = visitor.local_path(request.args.get("next", "/")[:_PATH])
    return render_template("accounts/pin.html", known=known, fresh=fresh, after=after)


def _set() -> ResponseReturnValue:
    after = visitor.local_path(fields.text("next", "next", limit=_PATH, required=False))
    typed = fields.digits("pin", _("作业密码"), count=pins.DIGITS)
    if typed != fields.digits("again", _("再输入一次"), count=pins.DIGITS):
        raise bad_input(_("两次输入的作业密码不一样。"), "again")
    try:
        with visitor.ground().write() as unit:
            person = people.known(unit, visitor.signed_in().id)
            done = entrance.set_pin(unit, person, typed, visitor.session_token())
    except WeakPin:
        raise bad_input(_("这个作业密码太容易猜到，请换一个。"), "pin") from None
    if not done:
        todo = _("请退出后重新登录，五分钟内设置。")
        raise Trouble(403, "sign-in-again", _("登录已超过五分钟，不能设置作业密码。"), todo)
    if wants_json():
        return jsonify({"ok": True})
    return redirect(after, 303)
