"""What every part sees in normal work, worked out from the circuit: volts, amperes, watts, °C."""

from collections.abc import Iterator
from math import sqrt

from hardware import loads, powerline
from hardware.circuit import OPEN, Circuit, Placed
from hardware.derating import CREEPAGE_MM, ISOLATION_V, RULES, Stress
from hardware.parts import HOT_C

CASE_C = 55  # within the case, over the years; CQ annex 1.14 asks for −40…85 at times
_RIPPLE_C = 5  # what its ripple adds to an electrolytic
_CELLS = 1.2  # two supercapacitors of one type, the greatest against the least: +20 %, −0
_COIL_RISE_C = 30  # beside a coil that was on before
_COPPER = 0.00393  # of its resistance, a kelvin
_SUPPLY = 0.97  # of 5 V at the coil: reference, divider, transistor


def volts(circuit: Circuit, placed: Placed) -> float:
    """The most volts between two pins of one side of a part; of a relay, across coil or pole."""
    if placed.part.kind == "relay":  # its pins stand in pairs
        pairs = zip(placed.nets[::2], placed.nets[1::2], strict=True)
        return max(circuit.difference(one, other) for one, other in pairs)
    known: list[tuple[str, str]] = [
        (pin.side, net)
        for pin, net in zip(placed.part.pins, placed.nets, strict=True)
        if net != OPEN
    ]
    return max(
        (circuit.difference(a, b) for side, a in known for other, b in known if side == other),
        default=0.0,
    )


def cell_v(circuit: Circuit) -> float:
    """The supercapacitor that gets more, before their resistors have made them equal."""
    return loads.bank_v(circuit) * _CELLS / (1 + _CELLS)


def _celsius(circuit: Circuit, placed: Placed) -> float:
    if placed.part.kind == "supercap":  # made equal, each 0.1 V less is as good as 10 °C
        return CASE_C - 100 * (placed.part.volts - loads.bank_v(circuit) / 2)
    return CASE_C + _RIPPLE_C


def _coil(circuit: Circuit) -> float:
    """What a hot coil is left with, told as if it were at 23 °C."""
    hot = 1 + _COPPER * (HOT_C + _COIL_RISE_C - 23)
    return 5.0 * _SUPPLY / hot


def _pulses(circuit: Circuit) -> Iterator[Stress]:
    yield Stress("DZ1", "pulse", 1.1 * circuit.placed["U1"].part.amps)
    yield Stress("K2", "pulse", circuit.difference("LOOP_A", "LOOP_B") * sqrt(2))
    yield Stress("J6", "pulse", circuit.difference("LOOP_A", "LOOP_B") * sqrt(2))


def board(circuit: Circuit, low_v: float) -> Iterator[Stress]:
    """Every part by the rules of its kind; low_v: the bus where hold-up ends. What the mains
    flows through by itself (J1, F1, R1, BR1, C1…) is judged by its simulation."""
    amperes = loads.amperes(circuit, low_v)
    for ref, placed in circuit.placed.items():
        rule = RULES.get(placed.part.kind, {})
        seen = cell_v(circuit) if placed.part.kind == "supercap" else volts(circuit, placed)
        if "volts" in rule and placed.part.kind != "y":
            yield Stress(ref, "volts", seen)
        if "amps" in rule and ref not in ("J1", "F1", "BR1", *powerline.BULK):
            yield Stress(ref, "amps", amperes[ref])
        if placed.part.kind == "res":
            yield Stress(ref, "watts", seen**2 / placed.part.value)
        for rating, value in (
            ("isolation_v", ISOLATION_V),
            ("creepage_mm", CREEPAGE_MM),
            ("pickup_v", _coil(circuit)),
            ("life_h", _celsius(circuit, placed)),
        ):
            if rating in rule:
                yield Stress(ref, rating, value)
    yield Stress("DZ1", "watts", loads.clamp_w(circuit))
    yield Stress("LS1", "watts", circuit.loads["J10", "SPK_PX"][0] ** 2 * circuit.value("LS1"))
    yield from _pulses(circuit)
