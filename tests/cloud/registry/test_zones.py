"""Key zones as areas (cloud/registry/zones.py); the judge of geometry is shapely."""

import random
from typing import Any

import pytest
import shapely

from cloud.registry import zones
from cloud.registry.zones import BadZone

SQUARE = [[118.0, 28.0], [118.02, 28.0], [118.02, 28.02], [118.0, 28.02], [118.0, 28.0]]
HOLE = [[118.005, 28.005], [118.015, 28.005], [118.015, 28.015], [118.005, 28.015]]


def feature(*rings: Any, **told: Any) -> dict[str, Any]:
    about = {"name": "演示医院", "district": "990101"} | told
    return {"properties": about, "geometry": {"type": "Polygon", "coordinates": list(rings)}}


def star(rng: random.Random, corners: int) -> list[list[int]]:
    """A closed ring without crossings, corners on a coarse grid so that points hit edges too."""
    points = sorted({(rng.randrange(13), rng.randrange(13)) for _ in range(corners)})
    ring = [list(p) for p in points]
    rng.shuffle(ring)
    return [*ring, ring[0]]


def test_inside_agrees_with_shapely_on_many_made_up_shapes() -> None:
    rng = random.Random(5)
    tried = 0
    while tried < 150:
        ring = star(rng, rng.randrange(4, 9))
        shape = shapely.Polygon(ring)
        if not shape.is_valid or shape.area == 0:
            continue
        tried += 1
        for _ in range(40):
            x, y = rng.randrange(-1, 14), rng.randrange(-1, 14)
            wanted = shape.covers(shapely.Point(x, y))
            assert zones.inside(x, y, [[ring]]) == wanted, (ring, x, y)


def test_a_hole_is_outside_and_its_edge_is_inside() -> None:
    outer = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    hole = [[3, 3], [7, 3], [7, 7], [3, 7], [3, 3]]
    shape = shapely.Polygon(outer, [hole])
    for x in range(-1, 12):
        for y in range(-1, 12):
            wanted = shape.covers(shapely.Point(x, y))
            assert zones.inside(x, y, [[outer, hole]]) == wanted, (x, y)


def test_a_point_is_found_in_its_zone_and_in_its_datum_only(unit: Any) -> None:
    zone = zones.put(unit, feature(SQUARE, [*HOLE, HOLE[0]]))
    found = zones.at(unit, 118_001_000, 28_001_000, "WGS84")
    assert found is not None and found.id == zone.id
    assert zones.at(unit, 118_010_000, 28_010_000, "WGS84") is None  # the hole
    assert zones.at(unit, 118_001_000, 28_001_000, "GCJ02") is None
    assert zones.at(unit, 117_999_999, 28_001_000, "WGS84") is None


def test_the_same_name_again_is_the_same_zone(unit: Any) -> None:
    one = zones.put(unit, feature(SQUARE))
    assert zones.put(unit, feature(SQUARE, district="990102")).id == one.id
    assert [zone.district for zone in zones.every(unit)] == ["990102"]


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"properties": {"name": "甲", "district": "990101"}},
        feature(SQUARE, name=""),
        feature(SQUARE, name=7),
        feature(SQUARE, district="nowhere"),
        feature(SQUARE, uscc="91990101MA0000001X"),
        feature(),
        feature(SQUARE[:-1]),
        feature(SQUARE[:2]),
        feature([[1, 2], ["x", 2], [3, 4], [1, 2]]),
        feature([[1, 2], [True, 2], [3, 4], [1, 2]]),
        feature([[1, 2], [999, 2], [3, 4], [1, 2]]),
        feature([[1, 2], [float("nan"), 2], [3, 4], [1, 2]]),
        feature([[1], [2], [3], [1]]),
        feature([[n % 90, n % 80] for n in range(6000)] + [[0, 0]]),
        {"properties": {"name": "甲", "district": "990101"}, "geometry": {"type": "Point"}},
        feature(SQUARE) | {"geometry": {"type": "MultiPolygon", "coordinates": 7}},
    ],
)
def test_what_is_no_zone_is_refused_in_one_sentence(unit: Any, bad: dict[str, Any]) -> None:
    with pytest.raises(BadZone):
        zones.put(unit, bad)
    assert zones.every(unit) == []
