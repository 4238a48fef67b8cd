"""Where one is signed in, since when; each sign-in can be ended, or all."""

from __future__ import annotations

from flask import jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import entrance
from cloud.registry import accounts, factors, people
from cloud.web import fields, visitor
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import wants_json

_ID = 16


@blueprint.get("/account/sessions")
def sessions() -> str:
    """One's own sessions, the newest first."""
    me = visitor.signed_in()
    with visitor.ground().write() as unit:
        accounts.told_of_newer(unit, visitor.session_token())
        rows = accounts.sessions_of(unit, me.id)
        secured = factors.in_force(unit, me.id)
    return render_template(
        "accounts/sessions.html",
        rows=rows,
        this=accounts.session_id(visitor.session_token()),
        secured=secured,
        now=visitor.ground().clock(),
    )


@blueprint.post("/account/sessions/end")
def end_session() -> ResponseReturnValue:
    """End the session `id`, or `all` of them; this one too, if it is among them."""
    id = fields.text("id", _("登录"), limit=_ID)
    with visitor.ground().write() as unit:
        person = people.known(unit, visitor.signed_in().id)
        count = entrance.end_sessions(unit, person, "" if id == "all" else id)
    if wants_json():
        return jsonify({"ok": True, "ended": count})
    return redirect(url_for("accounts.sessions"), 303)
