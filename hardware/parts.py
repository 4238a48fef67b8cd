"""The parts list (`parts.csv`): one row a kind of part, with its pins, ratings and second source.

`pins`: names in order, each with `:type` (p passive, i input, o output, t both ways, P takes
power, S gives power, c open collector) and `/side` where the part bridges the isolation. Ratings
are the makers' for continuous work, where two types differ the lesser one; `volts` is the most
between any two pins of one side, as a peak. `pulse`: what one pulse may be, in the unit that its
kind is told in (`hardware/derating.py`). `sole`: why both types are of one maker. `sheet`: the
maker's data sheet; `checked`: what was compared with it, in which of its tables; empty where
the ratings are told from memory. `pins_checked`: with what the pins' numbers were compared, apart
from the sheet. `footprint`: in KiCad's words, `-` for what hangs at a plug;
`pads`: of each pin in turn, joined by commas, and after a `-` those that stay open.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIST = HERE / "parts.csv"
COLD_C, HOT_C = -40, 85  # CQ annex 1.14
_FIELDS = (
    *("part", "what", "maker", "number", "second_maker", "second_number"),
    *("t_min_c", "t_max_c", "sheet", "pins", "footprint", "pads"),
)
ELSEWHERE = "-"  # the footprint of a part that is not on the board
_WORDS = (
    *("what", "maker", "number", "second_maker", "second_number", "sole"),
    *("sheet", "checked", "pins_checked", "footprint"),
)
_NUMBERS = (
    *("value", "t_min_c", "t_max_c", "volts", "amps", "watts", "pulse"),
    *("isolation_v", "creepage_mm", "pickup_v", "life_h"),
)


class BadPart(ValueError):
    """A row that cannot be read: which, and why."""


@dataclass(frozen=True)
class Pin:
    """name: as in the maker's drawing; kind: one letter (see above); side: "" or a or b; pads: of
    the footprint, none off the board."""

    name: str
    kind: str
    side: str
    pads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """value: ohm, farad, henry or volt, of a relay its coil's ohm; 0 where none is told, as of all
    that follows. isolation_v, RMS, and creepage_mm: between sides. pickup_v: at 23 °C. life_h: at
    t_max_c."""

    name: str
    what: str
    value: float
    maker: str
    number: str
    second_maker: str
    second_number: str
    sole: str
    t_min_c: float
    t_max_c: float
    volts: float
    amps: float
    watts: float
    pulse: float
    isolation_v: float
    creepage_mm: float
    pickup_v: float
    life_h: float
    sheet: str
    checked: str
    pins_checked: str
    pins: tuple[Pin, ...]
    footprint: str
    left_open: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The first word of its name, by which rules are told."""
        return self.name.split("-")[0]


def _pin(text: str, pads: str) -> Pin:
    text, _, side = text.partition("/")
    name, _, kind = text.partition(":")
    return Pin(name, kind or "p", side, () if pads == ELSEWHERE else tuple(pads.split(",")))


def _pins(row: dict[str, str]) -> tuple[tuple[Pin, ...], tuple[str, ...]]:
    """A row's pins, and the pads that stay open; BadPart for a pin without pad or a pad of two."""
    pins, pads = row["pins"].split(), row["pads"].split()
    left = pads.pop()[1:].split(",") if len(pads) == len(pins) + 1 else []
    if len(pads) != len(pins):
        raise BadPart(f"{row['part']}: {len(pins)} pins, pads for {len(pads)}")
    found = tuple(_pin(*both) for both in zip(pins, pads, strict=True))
    every = [pad for pin in found for pad in pin.pads] + left
    if len(set(every)) < len(every):
        raise BadPart(f"{row['part']}: a pad belongs to two pins")
    return found, tuple(left)


def _part(row: dict[str, str]) -> Part:
    missing = [field for field in _FIELDS if not (row.get(field) or "").strip()]
    if missing:
        raise BadPart(f"{row.get('part')}: no {', '.join(missing)}")
    try:
        number = {field: float(row[field] or 0) for field in _NUMBERS}
    except ValueError as error:
        raise BadPart(f"{row['part']}: {error}") from None
    words = {field: (row.get(field) or "").strip() for field in _WORDS}
    pins, left = _pins(row)
    told: dict[str, Any] = {**words, **number, "pins": pins, "left_open": left}
    return Part(row["part"], **told)


def read(path: Path = LIST) -> dict[str, Part]:
    """Name → part; BadPart for a row that lacks something or comes twice."""
    found: dict[str, Part] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            part = _part(row)
            if part.name in found:
                raise BadPart(f"{part.name}: twice")
            found[part.name] = part
    return found


def faults(parts: Iterable[Part]) -> list[str]:
    """One sentence for each part that does not stand the climate or has one source only."""
    found = []
    for part in parts:
        if part.t_min_c > COLD_C or part.t_max_c < HOT_C:
            found.append(
                f"{part.name}: {part.t_min_c:g}…{part.t_max_c:g} °C, needed {COLD_C}…{HOT_C} °C"
            )
        same_maker = part.maker == part.second_maker and not part.sole
        if same_maker or part.number == part.second_number:
            found.append(f"{part.name}: no second source")
    return found


def pins_from_memory(parts: Iterable[Part]) -> list[str]:
    """The parts of more than two pins whose numbers nobody has compared with anything yet."""
    return [
        part.name
        for part in parts
        if len(part.pins) > 2 and not part.pins_checked and "pins" not in part.checked
    ]


def from_memory(parts: Iterable[Part]) -> list[str]:
    """The parts whose ratings nobody has compared with the maker's sheet yet."""
    return [part.name for part in parts if not part.checked]
