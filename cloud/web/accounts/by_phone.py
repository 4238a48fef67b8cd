"""Signing in and mending a password with a code by text message. The number is never in a URL."""

from __future__ import annotations

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import by_phone
from cloud.registry.accounts import Refused, WeakPassword
from cloud.web import fields, visitor
from cloud.web.accounts.agents import agent
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import Trouble, bad_input, throttled, wants_json

_PHONE = 32
_DIGITS = 6
_PASSWORD = 128


@blueprint.route("/login/phone", methods=["GET", "POST"])
def phone() -> ResponseReturnValue:
    """Signing in by phone. GET: the form for the number. POST: a code goes to it."""
    if request.method == "GET":
        return render_template("accounts/phone.html", to="accounts.phone", number=None)
    return _asked(by_phone.SIGN_IN, "accounts.phone_code")


@blueprint.post("/login/phone/code")
def phone_code() -> Response:
    """The code from the text message is typed: signed in."""
    number, typed = _number(), fields.digits("code", _("短信验证码"), count=_DIGITS)
    with visitor.ground().write() as unit:
        found = by_phone.sign_in(
            unit,
            number,
            typed,
            request.remote_addr or "",
            agent=agent(),
            replaces=visitor.session_token(),
        )
    if isinstance(found, Refused):
        raise _refused(found.reason)
    response = jsonify({"ok": True, "next": "/"}) if wants_json() else redirect("/", 303)
    visitor.keep_session(response, found.token)
    return response


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """A forgotten password: as `/login/phone`, but a new password is typed with the code."""
    if request.method == "GET":
        return render_template("accounts/phone.html", to="accounts.password", number=None)
    return _asked(by_phone.RESET, "accounts.new_password")


@blueprint.post("/password/new")
def new_password() -> ResponseReturnValue:
    """The code and another password: every session ends, and one signs in with the new one."""
    number, typed = _number(), fields.digits("code", _("短信验证码"), count=_DIGITS)
    wanted = fields.secret("password", _("新密码"), limit=_PASSWORD)
    try:
        word = by_phone.reset(visitor.ground(), number, typed, wanted, request.remote_addr or "")
    except WeakPassword:
        raise bad_input(_("密码应是 8 到 128 个字符。"), "password") from None
    if word:
        raise _refused(word)
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("accounts.login"), 303)


def _asked(purpose: str, to: str) -> ResponseReturnValue:
    number = _number()
    with visitor.ground().write() as unit:
        word = by_phone.ask(unit, number, purpose, request.remote_addr or "")
    if word == "phone":
        raise bad_input(_("“%(label)s”不对，请核对。", label=_("手机号码")), "phone")
    if word:
        raise _refused(word)
    if wants_json():
        return jsonify({"ok": True})
    minutes = visitor.ground().settings.sms_code_s // 60
    return render_template("accounts/phone.html", to=to, number=number, minutes=minutes)


def _number() -> str:
    return fields.text("phone", _("手机号码"), limit=_PHONE)


def _refused(word: str) -> Trouble:
    if word == "throttled":
        return throttled(visitor.ground().settings.throttle_s)
    todo = _("请核对短信；几次不对，请重新获取验证码。")
    return Trouble(401, "code-wrong", _("短信验证码不对，或已经失效。"), todo)
