"""The map: squares for Leaflet, and the office's own boundaries. No tiles unless a setting names
them: maps of China need a licence, and government networks are closed."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Response, abort, jsonify, request
from flask_babel import gettext as _

from cloud.oversight import chart
from cloud.oversight.chart import KINDS
from cloud.oversight.scope import Only
from cloud.registry import machines
from cloud.web import answers, visitor
from cloud.web.regulator import looking
from cloud.web.regulator.blueprint import blueprint
from cloud.web.shown import clock_seconds
from cloud.web.trouble import bad_input

# Headers that tell, with every poll of the page, which map is the latest; and as of which time
# (on the clocks of China), where a map takes so long that it may be minutes old.
NEWS, AS_OF = "Map-Tag", "Map-As-Of"
_NAMED = 500  # machines whose owners are told: a screen has no room for more names
_WORLD = (-180.0, -90.0, 180.0, 90.0)


@blueprint.get("/map.json")
def map_json() -> Response:
    """`squares` of the window `box`=west,south,east,north at `zoom`, perhaps of one `kind`; whose
    the machines are that are told by their codes (`firms`); `bounds` of all there is."""
    kind = request.args.get("kind", "")
    if kind and kind not in KINDS:
        raise bad_input(_("“%(label)s”里有未知的选项。", label="kind"))
    box, zoom = _window(request.args.get("box", "")), _zoom(request.args.get("zoom", "5"))
    _eyes, where = looking.here()
    drawn = looking.figures().chart.get(where.only)
    datum = visitor.ground().settings.map_datum
    asked = [where.root, sorted(where.trades or ("*",)), box, zoom, kind, datum]
    tag = answers.etag({"chart": drawn.tag, "asked": asked})
    if request.if_none_match.contains(tag):
        response = Response(status=304)  # nothing was gathered to say so
    else:
        squares = drawn.squares(where, box, zoom, kind, datum)
        codes = [code for one in squares for code in one.get("codes", ())][:_NAMED]
        with visitor.ground().read() as unit:
            firms = machines.owners(unit, codes)
        told = {"squares": squares, "firms": firms, "bounds": drawn.bounds(where)}
        response = jsonify(told)
    response.set_etag(tag)
    return tell(response, where.only)


def tell(response: Response, only: Only) -> Response:
    """The response with what there is to tell of the latest map."""
    kept = looking.figures().chart
    if drawn := kept.at_hand(only):
        response.headers[NEWS] = drawn.tag
        if kept.slow(only):
            response.headers[AS_OF] = clock_seconds(drawn.at)
    return response


@blueprint.get("/map/boundaries.json")
def boundaries() -> Response:
    """The office's GeoJSON (HANMA_MAP_BOUNDARIES); 404 while there is none."""
    named = visitor.ground().settings.map_boundaries
    if not named or not Path(named).is_file():
        abort(404)
    return Response(Path(named).read_bytes(), content_type="application/geo+json")


def settings() -> str:
    """What the script must know, as JSON for one attribute."""
    told = visitor.ground().settings
    return json.dumps({"tiles": told.map_tiles, "boundaries": bool(told.map_boundaries)})


def _window(typed: str) -> chart.Window:
    if not typed:
        return _WORLD
    try:
        west, south, east, north = (float(part) for part in typed[:100].split(","))
    except ValueError:
        raise bad_input(_("“%(label)s”里有未知的选项。", label="box")) from None
    if not all(-1e4 < edge < 1e4 for edge in (west, south, east, north)):
        raise bad_input(_("“%(label)s”里有未知的选项。", label="box"))
    return west, south, east, north


def _zoom(typed: str) -> int:
    good = typed.isascii() and typed.isdigit() and len(typed) < 3
    if not good:
        raise bad_input(_("“%(label)s”里有未知的选项。", label="zoom"))
    return min(int(typed), chart.ZOOM_MAX)
