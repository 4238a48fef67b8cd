"""For terminals: what they fetch and bring over HTTP. No session; a token opens one thing."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, abort, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.book import jpeg, media
from cloud.link import packages, snapshots, upgrades
from cloud.web import visitor
from cloud.web.terminal import enrolling
from cloud.web.trouble import Trouble, bad_input

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


@blueprint.post("/t/snapshots/<id>")
def snapshot(id: str) -> ResponseReturnValue:
    """A picture that the terminal was asked for: the bare JPEG. 204 when it is kept."""
    request.max_content_length = jpeg.BYTES_MAX
    raw = request.get_data(cache=False)
    with visitor.ground().read() as unit:
        if snapshots.awaited(unit, id, _bearer()) is None:  # nobody else keeps us busy
            raise _wrong_token()
    try:
        picture = media.ready(raw, "snapshot")
    except jpeg.BadPicture as reason:
        raise bad_input(_("这张图片不能用（%(word)s）。", word=str(reason))) from None
    with visitor.ground().write() as unit:
        row = snapshots.awaited(unit, id, _bearer())
        if row is None:
            raise _wrong_token()
        kept = snapshots.came(unit, row, picture)
    if not kept:
        abort(409)
    return "", 204


@blueprint.post("/t/enrol")
def enrol() -> ResponseReturnValue:
    """A module from the bench; the enrolment code is the token."""
    return enrolling.enrol(_bearer())


def _bearer() -> str:
    """The token of this request, or empty."""
    given = request.headers.get("Authorization", "")
    return given.removeprefix(_BEARER) if given.startswith(_BEARER) else ""


def _wrong_token() -> Trouble:
    return Trouble(401, "token", _("口令不对，或已经失效。"))
