"""What the mains and a surge on it do to every part that sees them, simulated by ngspice."""

from collections.abc import Iterator
from math import pi, sqrt

from hardware import loads, spice
from hardware.circuit import Circuit
from hardware.derating import Figure, Stress

SURGE_V = 1500  # CQ annex 1.11
MAINS_V = (154, 220, 380, 456)  # 220 V −30 % to 380 V +20 %

_RISE = 1.0824  # charge of the generator's capacitor for one volt of open-circuit surge
_SPIKE_V = 207  # the clamp's worst above the bulk: P6KE150A at its peak current
_LEAST_V = 100  # below it the flyback does not hold its 5 V
_COIL_H = 0.5  # of the least contactor's coil: 10 VA at 380 V have far more
_UNEQUAL = 1.2  # the worst of several parts in a row above its share
_COLD = 0.7  # of an electrolytic's capacitance, at −40 °C
_SMALL, _LARGE = 0.8, 1.2  # its tolerance
_GAIN = 4.0  # of the mains detector's darlington at 0.1 mA; told are 10 at 1 mA
_TOUCH_A = 0.25e-3  # through the Y capacitor, if all of the mains stands across it: class II
_HIGH = 0.75 * 3.3  # what an ESP32 takes for high, at most

BULK = ("C1", "C2", "C9")
_BLEEDERS = ("R2", "R3", "R4", "R5", "R6", "R7")
_DETECTOR = ("R12", "R13", "R14", "R15", "R16")


def _bulk(circuit: Circuit, share: float) -> dict[str, float | str]:
    ohm = sum(circuit.value(ref) for ref in _BLEEDERS)
    return {
        "bulk_f": circuit.value(BULK[0]) / len(BULK) * share,
        "bleeder_ohm": ohm,
        "series_ohm": circuit.value("R1"),
    }


def _drain(bulk_v: float) -> float:
    return bulk_v + _SPIKE_V


def _rectifier(circuit: Circuit, bulk_v: float) -> float:
    """The reverse voltage of the flyback's output diode while the switch is on."""
    return bulk_v / loads.TURNS + circuit.nets["V5"].high


def _from_bulk(circuit: Circuit, bulk_v: float) -> Iterator[tuple[str, str, float]]:
    """Reference, rating and stress of what hangs on the bulk capacitors."""
    yield from ((ref, "volts", bulk_v / len(BULK) * _UNEQUAL) for ref in BULK)
    yield "BR1", "volts", bulk_v
    yield from ((ref, "volts", _drain(bulk_v)) for ref in ("U1", "T1", "D1"))
    yield "D2", "volts", bulk_v / loads.TURNS * loads.AUXILIARY + 24  # VDD is clamped there
    yield "D3", "volts", _rectifier(circuit, bulk_v)


def _seen(circuit: Circuit, seen: dict[str, float], volts: float) -> Iterator[tuple]:
    crest, high = volts * sqrt(2), seen["high_v"]
    yield from _from_bulk(circuit, high)
    a_bleeder = high / len(_BLEEDERS) * _UNEQUAL
    for ref in _BLEEDERS:
        yield ref, "volts", a_bleeder
        yield ref, "watts", a_bleeder**2 / circuit.value(ref)
    for ref in ("J1", "F1"):
        yield ref, "volts", crest
        yield ref, "amps", seen["line_a"]
    yield from ((ref, "volts", crest) for ref in ("RV1", "CY1", "J5"))
    yield "R1", "watts", seen["watts"]
    yield "BR1", "amps", loads.power_w(circuit) / seen["low_v"]
    yield from ((ref, "amps", seen["ripple_a"]) for ref in BULK)
    for ref in _DETECTOR:
        yield ref, "volts", crest / len(_DETECTOR) * 1.02  # one in a hundred off, twice
        yield ref, "watts", (volts / len(_DETECTOR) * 1.02) ** 2 / circuit.value(ref)
    yield from ((ref, "amps", seen["lit_peak_a"]) for ref in ("U4", "D4"))
    # The open contact between two phases: unequal halves; its varistors where one pole is open.
    yield "K1", "volts", crest / 2 * _UNEQUAL
    yield from ((ref, "volts", crest) for ref in ("RV2", "RV3"))
    # Switched on at the crest, the capacitors empty and at the upper end of their tolerance.
    farad = circuit.value(BULK[0]) / len(BULK) * _LARGE
    yield "BR1", "pulse", crest / circuit.value("R1")
    yield "R1", "pulse", farad * crest**2 / 2
    yield "F1", "pulse", farad * crest**2 / 2 / circuit.value("R1")


def mains(circuit: Circuit) -> Iterator[Figure | Stress]:
    """154 to 456 V, in the cold: enough for the flyback and the detector, for no part too much."""
    for volts in MAINS_V:
        seen = spice.run(
            "mains",
            crest_v=volts * sqrt(2),
            power_w=loads.power_w(circuit),
            detector_ohm=sum(circuit.value(ref) for ref in _DETECTOR),
            **_bulk(circuit, _SMALL * _COLD),
        )
        where = f"mains {volts} V"
        yield Figure(f"{where}: lowest bulk", seen["low_v"], _LEAST_V, "V", more=True)
        given = seen["lit_a"] * _GAIN * circuit.value("R17")
        yield Figure(f"{where}: detector", given, _HIGH, "V", more=True)
        touch = 2 * pi * 50 * circuit.value("CY1") * _LARGE * volts
        yield Figure(f"{where}: touch current", touch * 1000, _TOUCH_A * 1000, "mA")
        for ref, rating, value in _seen(circuit, seen, volts):
            yield Stress(ref, rating, value, where)


def surge(circuit: Circuit) -> Iterator[Figure | Stress]:
    """±1.5 kV 1.2/50 – 8/20 µs between the lines, at rest and on both crests of 456 V.

    Volts are judged by the whole rating: it is over in 50 µs. Line to earth is no simulation:
    there is no earth; what crosses the isolation sees it all.
    """
    top = 456 * sqrt(2)
    for sign in (1, -1):
        for crest in (0.0, top, -top):
            seen = spice.run(
                "surge",
                charge_v=_RISE * SURGE_V * sign,
                crest_v=crest,
                minus_crest_v=-crest,
                half_crest_v=crest / 2,
                bulk_v=max(abs(crest) - 1.5, 310),
                start_n=-0.7 if crest >= 0 else crest,
                varistor_v=circuit.value("RV1") * 1.1,  # a varistor at its tolerance
                contact_varistor_v=circuit.value("RV2") * 1.1,
                coil_h=_COIL_H,
                **_bulk(circuit, _SMALL),
            )
            where = f"surge {SURGE_V * sign:+d} V on {crest:+.0f} V"
            for ref, _, value in _from_bulk(circuit, seen["bulk_v"]):
                part = circuit.placed[ref].part
                yield Figure(f"{where}: {ref} {part.name}", value, part.volts, "V")
            yield Stress("J1", "pulse", seen["line_v"], where)
            yield Stress("J5", "pulse", seen["line_v"], where)
            yield Stress("F1", "pulse", seen["fuse_a2s"], where)
            yield Stress("R1", "pulse", seen["joule"], where)
            yield Stress("BR1", "pulse", seen["bridge_a"], where)
            yield Stress("RV1", "pulse", seen["varistor_a"], where)
            yield Stress("K1", "pulse", seen["gap_v"] * _UNEQUAL, where)
            through = seen["line_v"] / sqrt(_COIL_H / 200e-12)  # the coil lets no more through
            yield from (Stress(ref, "pulse", through, where) for ref in ("RV2", "RV3"))
    yield Stress("CY1", "pulse", SURGE_V + top, "surge to earth")
