"""For the program that watches the service: figures, opened by a token of their own."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _

from cloud.oversight import figures
from cloud.web import visitor
from cloud.web.trouble import Trouble

blueprint = Blueprint("monitoring", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures in Prometheus' text format, for `Authorization: Bearer` HANMA_METRICS_TOKEN.

    Without that setting there is no such page.
    """
    ground = visitor.ground()
    wanted = ground.settings.metrics_token
    if not wanted:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {wanted}".encode()):
        raise Trouble(401, "token", _("口令不对，或已经失效。"))
    with ground.read() as unit:
        told = figures.text(figures.figures(unit))
    return Response(told, content_type="text/plain; version=0.0.4; charset=utf-8")
