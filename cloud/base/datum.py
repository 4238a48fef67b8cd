"""WGS84, as satellites tell a place, and GCJ02, as maps of China draw it: about 500 m apart.

Degrees in and out. The constants are public and everybody's who draws on such maps.
"""

from math import cos, pi, sin, sqrt

_A, _EE = 6378245.0, 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271


def to_gcj02(lat: float, lng: float) -> tuple[float, float]:
    """(lat, lng) of WGS84 as GCJ02; outside China nothing changes."""
    if not (_WEST <= lng <= _EAST and _SOUTH <= lat <= _NORTH):
        return lat, lng
    north, east = _north(lng - 105.0, lat - 35.0), _east(lng - 105.0, lat - 35.0)
    radians = lat / 180.0 * pi
    magic = 1 - _EE * sin(radians) ** 2
    north = north * 180.0 / (_A * (1 - _EE) / (magic * sqrt(magic)) * pi)
    east = east * 180.0 / (_A / sqrt(magic) * cos(radians) * pi)
    return lat + north, lng + east


def to_wgs84(lat: float, lng: float) -> tuple[float, float]:
    """(lat, lng) of GCJ02 as WGS84, to a centimetre: the shift is looked up again where it led."""
    back = lat, lng
    for _ in range(5):
        there = to_gcj02(*back)
        back = back[0] - (there[0] - lat), back[1] - (there[1] - lng)
    return back


def _waves(x: float, *parts: tuple[float, float]) -> float:
    return sum(weight * sin(x / length * pi) for weight, length in parts) * 2.0 / 3.0


def _north(x: float, y: float) -> float:
    flat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    waves = _waves(x, (20.0, 1 / 6), (20.0, 1 / 2)) + _waves(y, (20.0, 1.0), (40.0, 3.0))
    return flat + waves + _waves(y, (160.0, 12.0), (320.0, 30.0))


def _east(x: float, y: float) -> float:
    flat = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    waves = _waves(x, (20.0, 1 / 6), (20.0, 1 / 2), (20.0, 1.0), (40.0, 3.0))
    return flat + waves + _waves(x, (150.0, 12.0), (300.0, 30.0))
