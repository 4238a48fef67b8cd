"""The rule of every kind of part: which of its ratings are judged, and what share may be used.

A kind without a rule, a rating that is not told and a stress that nobody worked out are faults:
nothing is taken for good because it was forgotten. `pulse` is, by kind: A of 8/20 µs (varistor),
A for a half wave (bridge), A of 10/1000 µs (clamp), A²s (fuse), J (fusible), V of an impulse or
across an open contact (terminal, y, relay), V of a discharge in contact (tvs).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hardware.circuit import Circuit
from hardware.parts import Part

ISOLATION_V = 3000  # RMS; reinforced, 380 V mains to what a hand touches (GB 4943.1, IEC 62368-1)
# 320 V RMS, group III, pollution degree 2, reinforced: 456 V between phases is 263 V to earth
CREEPAGE_MM = 6.4
LIFE_H = 3 * 365 * 24  # powered without a pause: the three years of CQ annex 1.3
_ACROSS = {"isolation_v": 1.0, "creepage_mm": 1.0}
_SUPPLY = {"volts": 1.0}  # of a chip: the highest that it is made to work at
_CONTACT = {"volts": 0.8, "amps": 0.5}
_DIODE = {"volts": 0.9, "amps": 0.5}
_ELECTROLYTIC = {"volts": 0.8, "amps": 1.0, "life_h": 1.0}  # ripple is told at 105 °C

RULES: dict[str, dict[str, float]] = {
    "terminal": {**_CONTACT, "pulse": 0.8},
    **dict.fromkeys(("plug", "sim", "antenna", "button", "lid"), _CONTACT),
    "fuse": {"volts": 1.0, "amps": 0.5, "pulse": 0.3},
    "fusible": {"watts": 0.5, "pulse": 0.5},
    "varistor": {"volts": 0.9, "pulse": 0.1},  # a tenth: hundreds of surges, not one
    "bridge": {"volts": 0.8, "amps": 0.5, "pulse": 0.7},
    "bulk": _ELECTROLYTIC,
    "out": _ELECTROLYTIC,
    "supercap": {"volts": 1.0, "amps": 0.5, "life_h": 1.0},  # volts are told at 85 °C
    "polymer": {"volts": 0.8, "amps": 0.8},
    "cap": {"volts": 0.8},
    "y": {"volts": 1.0, "pulse": 0.8, **_ACROSS},
    "res": {"volts": 0.8, "watts": 0.5},
    "switcher": {"volts": 0.9, "amps": 0.9},
    "flyback": {"volts": 0.9, "amps": 0.8, **_ACROSS},
    "fast": _DIODE,
    "schottky": {**_DIODE, "volts": 0.8},
    "signal": {"volts": 0.8, "amps": 0.8},
    "clamp": {"watts": 0.5, "pulse": 0.5},
    "opto": {"volts": 0.8, "amps": 0.5, **_ACROSS},
    "reference": {"volts": 0.8, "amps": 0.5},
    "tvs": {"volts": 0.95, "pulse": 0.8},
    "relay": {"volts": 0.8, "amps": 0.3, "pulse": 0.9, "pickup_v": 1.0, **_ACROSS},
    "fet": {"volts": 0.8, "amps": 0.5},
    "npn": {"volts": 0.8, "amps": 0.5},
    "ldo": {"volts": 0.95, "amps": 0.8},
    "buck": {"volts": 0.95, "amps": 0.9},
    "inductor": {"volts": 0.8, "amps": 0.8},
    "ferrite": {"amps": 0.5},
    "lamp": {"amps": 0.7},
    "speaker": {"watts": 0.8},
    **dict.fromkeys(("opamp", "comparator", "esp32", "modem", "shifter", "amplifier"), _SUPPLY),
}
_UNITS = {
    **dict.fromkeys(("volts", "isolation_v", "pickup_v"), "V"),
    **{"amps": "A", "watts": "W", "creepage_mm": "mm"},
}
_PULSE_UNITS = {
    **dict.fromkeys(("varistor", "bridge", "clamp"), "A"),
    **{"fuse": "A²s", "fusible": "J"},
}
ENOUGH = 99.0  # a margin is not told above it


@dataclass(frozen=True)
class Figure:
    """what: a short name; value and limit in `unit`; `more`: the value must be above the limit."""

    what: str
    value: float
    limit: float
    unit: str
    more: bool = False

    @property
    def margin(self) -> float:
        """How many times worse it could be; below 1 it fails."""
        if self.more:
            return min(self.value / max(self.limit, 1e-12), ENOUGH)
        return min(self.limit / max(self.value, 1e-12), ENOUGH)


@dataclass(frozen=True)
class Stress:
    """What one part sees of one of its ratings; `where`: in which case.

    Of pickup_v: what is left for the coil, by a coil at 23 °C. Of life_h: °C of the part.
    Of isolation_v and creepage_mm: what is asked for."""

    ref: str
    rating: str
    value: float
    where: str = "board"


def figure(part: Part, stress: Stress) -> Figure:
    """A stress beside what the rule of its kind leaves of the rating; KeyError without a rule."""
    share = RULES[part.kind][stress.rating]
    rated = getattr(part, stress.rating)
    what = f"{stress.where}: {stress.ref} {part.name} {stress.rating}"
    if stress.rating == "life_h":
        hours = rated * 2 ** ((part.t_max_c - stress.value) / 10)
        return Figure(what, hours, LIFE_H / share, "h", more=True)
    if stress.rating == "pickup_v":
        return Figure(what, stress.value, rated / share, "V", more=True)
    if stress.rating in ("isolation_v", "creepage_mm"):
        return Figure(what, rated, stress.value / share, _UNITS[stress.rating], more=True)
    unit = _UNITS.get(stress.rating) or _PULSE_UNITS.get(part.kind, "V")
    return Figure(what, stress.value, rated * share, unit)


def worst(circuit: Circuit, stresses: Iterable[Stress]) -> list[Figure]:
    """Of every type of part, in every case, the one with the least margin for each rating."""
    found: dict[tuple[str, str, str], Figure] = {}
    for stress in stresses:
        part = circuit.placed[stress.ref].part
        seen = figure(part, stress)
        case = (stress.where, part.name, stress.rating)
        if case not in found or seen.margin < found[case].margin:
            found[case] = seen
    return list(found.values())


def forgotten(circuit: Circuit, stresses: Iterable[Stress]) -> list[str]:
    """Parts that were not judged: a kind without rule, a rating not told, a stress not known."""
    known = {(stress.ref, stress.rating) for stress in stresses}
    found = []
    for ref, placed in circuit.placed.items():
        rule = RULES.get(placed.part.kind)
        if rule is None:
            found.append(f"{ref} {placed.part.name}: no rule for {placed.part.kind}")
            continue
        for rating in rule:
            if not getattr(placed.part, rating):
                found.append(f"{ref} {placed.part.name}: no {rating} told")
            elif (ref, rating) not in known:
                found.append(f"{ref} {placed.part.name}: nobody worked out its {rating}")
    return found
