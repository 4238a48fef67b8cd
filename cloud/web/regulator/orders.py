"""Orders of officers and the office to one machine, and the pictures they asked for."""

from __future__ import annotations

from flask import Response, abort, jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.book import media
from cloud.link import snapshots
from cloud.registry import machines
from cloud.web import fields, visitor
from cloud.web.regulator.blueprint import blueprint
from cloud.web.trouble import not_yours
from cloud.web.welder import screen
from cloud.web.welder.pages import person_of
from cloud.web.welder.scanned import machine_at, must_see
from cloud.work import orders
from cloud.work.refusal import Refusals

_REASON = 120


@blueprint.post("/m/<code>/order")
def order(code: str) -> ResponseReturnValue:
    """One order: `what` = lock, unlock, locate, restart, snapshot; lock wants a `reason`."""
    what = fields.choice("what", "what", orders.ORDERS)
    reason = fields.text("reason", _("原因"), limit=_REASON, required=what == "lock")
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        machine = machine_at(unit, code)
        must_see(unit, viewer, machine)
        try:
            done = orders.order(unit, machine, person_of(unit, viewer), what, reason)
        except orders.NotEntitled:
            raise not_yours() from None
    if isinstance(done, Refusals):
        return screen.refused(done)
    return jsonify({"ok": True, "refusals": [], "snapshot": done})


@blueprint.get("/snapshots/<id>.jpg")
def snapshot(id: str) -> Response:
    """A picture that somebody asked for, once it is here."""
    with visitor.ground().read() as unit:
        row = snapshots.get(unit, id)
        machine = machines.by_device(unit, row.device) if row else None
        if row is None or machine is None:
            abort(404)
        must_see(unit, visitor.signed_in(), machine)
        if row.digest is None:
            abort(404)
        return Response(media.opened(unit, row.digest), mimetype="image/jpeg")
