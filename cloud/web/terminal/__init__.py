"""For terminals: what they fetch and bring over HTTP. No session; a token opens one thing."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, request, send_file
from flask_babel import gettext as _

from cloud.link import packages, upgrades
from cloud.web import visitor
from cloud.web.trouble import Trouble

blueprint = Blueprint("terminal", __name__)
_BEARER = "Bearer "


@blueprint.get("/t/packages/<upgrade_id>")
def package(upgrade_id: str) -> Response:
    """The upgrade package for a terminal that was offered it; `Range` goes on where it broke."""
    with visitor.ground().read() as unit:
        found = upgrades.downloadable(unit, upgrade_id, _bearer())
        if found is None:
            raise _wrong_token()
        place = packages.path(unit.settings, found.digest)
    if not place.is_file():
        abort(404)
    return send_file(
        BytesIO(place.read_bytes()),  # at most 1 MB
        mimetype="application/octet-stream",
        conditional=True,
        etag=found.digest,
        last_modified=found.added_at / 1000,
    )


def _bearer() -> str:
    """The token of this request, or empty."""
    given = request.headers.get("Authorization", "")
    return given.removeprefix(_BEARER) if given.startswith(_BEARER) else ""


def _wrong_token() -> Trouble:
    return Trouble(401, "token", _("口令不对，或已经失效。"))
