"""Signing in and out, the language, and the sign of life: what every audience shares."""

from __future__ import annotations

from flask import (
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _

from cloud.base import database
from cloud.cases import entrance
from cloud.registry.accounts import Refused, sign_out
from cloud.web import fields, language, visitor
from cloud.web.accounts import by_phone, factor, first, pin, registering, sessions
from cloud.web.accounts.agents import agent
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import Trouble, show, throttled, wants_json

__all__ = ["blueprint", "by_phone", "factor", "first", "pin", "registering", "sessions"]
_LOGIN_LIMIT = 64
_PASSWORD_LIMIT = 128
_PATH_LIMIT = 512
# For whoever looks after the machine, who has chosen no language here.
_GONE = (
    "数据库不见了或被换掉了：请停机恢复备份。 "
    "The database is gone or was replaced: stop, and restore the backup."
)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response | str:
    """The log-in form; after it, back to the local path `next`."""
    if request.method == "GET":
        after = visitor.local_path(request.args.get("next", "/")[:_PATH_LIMIT])
        if visitor.viewer():
            return redirect(after, 303)
        return render_template("accounts/login.html", after=after, refused=None)
    after = visitor.local_path(fields.text("next", "next", limit=_PATH_LIMIT, required=False))
    name = fields.text("login", _("账号"), limit=_LOGIN_LIMIT)
    found = entrance.sign_in(
        visitor.ground(),
        name,
        fields.secret("password", _("密码"), limit=_PASSWORD_LIMIT),
        request.remote_addr or "",
        code=fields.text("code", _("动态码"), limit=16, required=False),
        replaces=visitor.session_token(),
        agent=agent(),
    )
    if isinstance(found, Refused):
        return _refused(found.reason, after, name)
    response = jsonify({"ok": True, "next": after}) if wants_json() else redirect(after, 303)
    visitor.keep_session(response, found.token)
    return response


@blueprint.post("/logout")
def logout() -> Response:
    """End this browser's session; where `next` is given, sign in again for that page."""
    wanted = fields.text("next", "next", limit=_PATH_LIMIT, required=False)
    after = {"next": visitor.local_path(wanted)} if wanted else {}
    with visitor.ground().write() as unit:
        sign_out(unit, visitor.session_token())
    response = redirect(url_for("accounts.login", **after), 303)
    visitor.drop_session(response)
    return response


@blueprint.post("/language")
def choose_language() -> Response:
    """Switch between Chinese and English, and stay on the page."""
    chosen = fields.choice("lang", _("语言"), language.LOCALES)
    after = fields.text("next", "next", limit=_PATH_LIMIT, required=False)
    response = redirect(visitor.local_path(after), 303)
    language.remember(response, chosen, secure=visitor.secure())
    return response


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 while the database is there and answers, else 503; for whoever watches the service."""
    if not database.is_gone(visitor.ground().engine):
        return jsonify({"ok": True})
    response = jsonify({"ok": False, "database": "gone", "words": _GONE})
    response.status_code = 503
    return response


def _refused(reason: str, after: str, name: str) -> Response:
    """The form again, with the reason; a wrong name and a wrong password read the same."""
    code = _("请输入密码和身份验证器上的六位数字。")
    trouble = {
        "throttled": throttled(visitor.ground().settings.throttle_s),
        "pending": Trouble(403, reason, _("这个账号还没有通过审核。"), _("请联系您的单位。")),
        "refused": Trouble(403, reason, _("这个账号没有通过审核。"), _("请联系平台。")),
        "blocked": Trouble(403, reason, _("这个账号已停用。"), _("请联系您的单位。")),
        "second-factor": Trouble(401, reason, _("还需要动态码。"), code),
        "second-factor-wrong": Trouble(401, reason, _("动态码不对，或已经用过。"), code),
    }.get(reason, Trouble(401, "wrong", _("账号或密码不对。"), _("请检查后再试。")))
    if wants_json():
        return show(trouble)
    page = render_template("accounts/login.html", after=after, refused=trouble, login=name)
    return make_response(page, trouble.status)
