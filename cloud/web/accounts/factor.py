"""The second factor on a page: scanned from a QR code, in force once a first code was typed."""

from __future__ import annotations

import segno
from flask import Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.cases import entrance
from cloud.registry import factors, people
from cloud.web import fields, visitor
from cloud.web.accounts.agents import agent
from cloud.web.accounts.blueprint import blueprint
from cloud.web.trouble import Trouble, wants_json

_CODE = 16


@blueprint.route("/account/factor", methods=["GET", "POST"])
def factor() -> ResponseReturnValue:
    """The second factor. GET: the secret to scan, or that it is in force. POST: the first code."""
    if request.method == "POST":
        return _confirmed(fields.text("code", _("动态码"), limit=_CODE))
    me = visitor.signed_in()
    with visitor.ground().write() as unit:
        if factors.in_force(unit, me.id):
            return render_template("accounts/factor.html", address=None)
        address = factors.offer(unit, people.known(unit, me.id))
    return render_template(
        "accounts/factor.html",
        address=address,
        square=segno.make(address, error="m").svg_inline(omitsize=True, border=3, light="#fff"),
        secret=factors.secret_text(address),
    )


@blueprint.post("/account/factor/end")
def end_factor() -> ResponseReturnValue:
    """Give the factor up, with one more of its codes; who must have one makes the next at once."""
    typed = fields.text("code", _("动态码"), limit=_CODE)
    with visitor.ground().write() as unit:
        person = people.known(unit, visitor.signed_in().id)
        done = entrance.end_factor(unit, person, typed)
    if not done:
        raise _wrong()
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("accounts.factor"), 303)


def _confirmed(typed: str) -> Response:
    with visitor.ground().write() as unit:
        person = people.known(unit, visitor.signed_in().id)
        done = entrance.confirm_factor(unit, person, typed, request.remote_addr or "", agent())
    if done is None:
        raise _wrong()
    codes, signed_in = done
    if wants_json():
        response = jsonify({"ok": True, "recovery": codes})
    else:
        response = make_response(render_template("accounts/recovery.html", codes=codes))
    visitor.keep_session(response, signed_in.token)
    return response


def _wrong() -> Trouble:
    todo = _("请看身份验证器上现在的六位数字；手机时间要准。")
    return Trouble(401, "second-factor-wrong", _("动态码不对，或已经用过。"), todo)
