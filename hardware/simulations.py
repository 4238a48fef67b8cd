"""What the board stands, simulated with its schematic's values: surge, static, mains, hold-up.

Each figure stands beside the limit of the part that it must spare; the margin is how many times
it could be worse. A laboratory has the last word (compliance.md); this says that it is worth it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

from hardware import spice
from hardware.circuit import OPEN, Circuit, Placed

SURGE_V = 1500  # CQ annex 1.11
CONTACT_V, AIR_V = 4000, 8000  # CQ annex 1.12, 1.13
MAINS_V = (154, 220, 380, 456)  # 220 V −30 % to 380 V +20 %
HOLDUP_S = 2.0  # what simulator/terminal.py counts on

_RISE = 1.0824  # charge of the generator's capacitor for one volt of open-circuit surge
_SPIKE_V = 207  # the clamp's worst above the bulk: P6KE150A at its peak current
_POWER_W = 5.0  # of the flyback: 3.9 W at 5 V (modem 1.3, chip 0.6, sound 1.2, relays 0.8), 78 %
_LEAST_V = 100  # below it the flyback does not hold its 5 V
_GAP_V = 1000 * sqrt(2)  # between the power relay's open contacts, which switch the same mains
_COIL_H = 0.5  # of the least contactor's coil: 10 VA at 380 V have far more
_WIRE_J = 30.0  # pulse of a millisecond that a 3 W fusible wirewound resistor stands
# A discharge by the human body model: 1.5 kΩ. For modem and amplifier 1 kV is assumed.
_BODY_OHM = 1500
_BODY_V = {"esp32": 2000, "opamp": 4000, "modem": 1000, "amplifier": 1000}
_CLAMP_OHM = {"tvs-5v": 0.6, "tvs-sim": 0.5, "tvs-rf": 0.56}  # TLP slopes of the data sheets
_ENOUGH = 99.0  # a margin is not told above it
_BANK_OHM = 0.3  # two cells, twice their fresh value: the end of their life, in the cold
_BANK_LEFT = 0.7  # of their capacitance, at the end of their life


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
            return self.value / self.limit
        return min(self.limit / max(self.value, 1e-12), _ENOUGH)


def surge(circuit: Circuit) -> Iterator[Figure]:
    """±1.5 kV 1.2/50 – 8/20 µs between the lines, at rest and on the crest of 456 V."""
    bulk_f = circuit.value("C1") / 2 * 0.8  # two in series, at their tolerance
    rated_v = 2 * circuit.placed["C1"].part.volts
    for sign in (1, -1):
        for crest in (0.0, 456 * sqrt(2) * sign):
            seen = spice.run(
                "surge",
                charge_v=_RISE * SURGE_V * sign,
                crest_v=crest,
                minus_crest_v=-crest,
                bulk_v=max(abs(crest) - 1.5, 310),
                start_n=-0.7 if sign > 0 else crest,
                varistor_v=circuit.value("RV1") * 1.1,  # a varistor at its tolerance
                series_ohm=circuit.value("R1"),
                bulk_f=bulk_f,
                contact_varistor_v=circuit.value("RV2") * 1.1,
                coil_h=_COIL_H,
            )
            name = f"surge {SURGE_V * sign:+d} V on {crest:+.0f} V"
            yield Figure(f"{name}: bulk capacitors", seen["bulk_v"], rated_v, "V")
            drain = seen["bulk_v"] + _SPIKE_V
            yield Figure(f"{name}: drain", drain, circuit.placed["U1"].part.volts, "V")
            bridge = circuit.placed["BR1"].part.volts
            yield Figure(f"{name}: bridge", seen["bulk_v"], bridge, "V")
            yield Figure(f"{name}: fusible resistor", seen["joule"], _WIRE_J, "J")
            yield Figure(f"{name}: open contact", seen["contact_v"], _GAP_V, "V")


def _next(circuit: Circuit, net: str) -> Iterator[tuple[Placed, str]]:
    """What stands in series with a net, and the net behind it; what only pulls comes last."""
    found = [placed for placed, _ in circuit.on(net) if len(placed.nets) == 2]
    for placed in sorted(found, key=lambda one: "V33" in one.nets):
        behind = next((name for name in placed.nets if name != net), "GND")
        if behind not in ("GND", OPEN):
            yield placed, behind


def _chip(circuit: Circuit, net: str) -> Placed | None:
    """The chip that has a pin on a net."""
    on = circuit.on(net)
    return next((p for p, pin in on if p.part.name in _BODY_V and pin.kind in "ioPtS"), None)


def _behind(circuit: Circuit, net: str) -> tuple[Placed, str, Placed]:
    """The part in series with an outside net, the net behind it and the chip that is there; a
    chip behind a further part is taken as if that part were none."""
    for series, behind in _next(circuit, net):
        if chip := _chip(circuit, behind):
            return series, behind, chip
    for series, behind in _next(circuit, net):
        for _, further in _next(circuit, behind):
            if further != net and (chip := _chip(circuit, further)):
                return series, behind, chip
    raise LookupError(f"{net}: nothing between it and a chip")


# The chip's own diodes, to its supply of 3.3 V and to ground; an antenna's input is 50 Ω instead.
_DIODES = "Bchip pin amp i='v(pin)>4 ? v(pin)-4 : (v(pin)<-0.7 ? v(pin)+0.7 : 0)'"
_RADIO = "Rchip pin amp 50"


def _elements(series: Placed, held: float) -> dict[str, float | str]:
    """The deck's parts for what is in series with a wire and for the pin behind it."""
    kind, value = series.part.name.split("-")[0], series.part.value
    if kind == "cap":
        return {"series": f"Cser x pin {value:.6g}", "chip": _RADIO, "pin_f": 5e-13}
    ohm = value / 10 if kind == "ferrite" else value  # a ferrite's resistance to so short a pulse
    return {"series": f"Rser x pin {ohm:.6g}", "chip": _DIODES, "pin_f": 5e-12 + held}


def static(circuit: Circuit) -> Iterator[Figure]:
    """±4 kV in contact and ±8 kV through air into every wire that leaves the case."""
    for net in circuit.outside:
        guard = next(p for p, _ in circuit.on(net) if p.part.name in _CLAMP_OHM)
        series, behind, chip = _behind(circuit, net)
        held = [p.part.value for p, _ in circuit.on(behind) if p.part.name.startswith("cap-")]
        worst = 0.0
        for shot in (CONTACT_V, -CONTACT_V, AIR_V, -AIR_V):
            seen = spice.run(
                "static",
                shot_v=shot,
                clamp_v=guard.part.value,
                clamp_ohm=_CLAMP_OHM[guard.part.name],
                **_elements(series, sum(held)),
            )
            worst = max(worst, seen["chip_a"])
        limit = _BODY_V[chip.part.name] / _BODY_OHM
        yield Figure(f"static into {net}: {chip.ref} {chip.part.name}", worst, limit, "A")


def mains(circuit: Circuit) -> Iterator[Figure]:
    """154 to 456 V: the flyback has enough below it, nothing too much above."""
    for volts in MAINS_V:
        seen = spice.run(
            "mains",
            crest_v=volts * sqrt(2),
            series_ohm=circuit.value("R1"),
            bulk_f=circuit.value("C1") / 2 * 0.8,
            power_w=_POWER_W,
        )
        name = f"mains {volts} V"
        yield Figure(f"{name}: lowest bulk", seen["low_v"], _LEAST_V, "V", more=True)
        yield Figure(
            f"{name}: highest bulk", seen["high_v"], 2 * circuit.placed["C1"].part.volts, "V"
        )
        drain = seen["high_v"] + _SPIKE_V
        yield Figure(f"{name}: drain", drain, circuit.placed["U1"].part.volts, "V")
        watts = circuit.placed["R1"].part.watts
        yield Figure(f"{name}: fusible resistor", seen["watts"], watts / 2, "W")


def holdup(circuit: Circuit) -> Iterator[Figure]:
    """Mains gone while the modem sends with 2 A: how long it lives, how low its supply dips."""
    bank_v = 0.8 * (1 + circuit.value("R20") / circuit.value("R21"))
    seen = spice.run(
        "holdup",
        bank_f=circuit.value("C10") / 2 * _BANK_LEFT,
        bank_v=bank_v,
        bank_ohm=_BANK_OHM,
        bus_v=bank_v - 0.4,
        rail_v=0.5 * (1 + circuit.value("R25") / circuit.value("R26")),
        out_ohm=0.04,
        until_s=12,
    )
    yield Figure("hold-up with 2 A bursts", seen.get("held_s", 12.0), HOLDUP_S, "s", more=True)
    yield Figure("modem's supply at the bursts", seen["dip_v"], 3.4, "V", more=True)
    yield Figure("supercapacitor", bank_v / 2, circuit.placed["C10"].part.volts, "V")


def senses(circuit: Circuit) -> Iterator[Figure]:
    """The current input: 400 A fit the ADC, the comparator switches where the firmware thinks."""
    gain = 1 + circuit.value("R63") / circuit.value("R64")
    millivolts = 333 / 400 * gain  # a 400 A : 333 mV transformer, RMS a ampere
    yield Figure("400 A at the ADC, from the bias", 400 * millivolts * sqrt(2) / 1000, 1.5, "V")
    half = 3.3 / 2
    reference = 3.3 * circuit.value("R66") / (circuit.value("R65") + circuit.value("R66"))
    step = 3.3 * circuit.value("R72") / circuit.value("R67") / 2
    high = (reference - half + step) * 1000 / (millivolts * sqrt(2))
    low = (reference - half - step) * 1000 / (millivolts * sqrt(2))
    yield Figure("comparator on, within 8 ± 1 A", abs(high - 8), 1, "A")
    yield Figure("comparator off, within 6 ± 1 A", abs(low - 6), 1, "A")


SIMULATIONS: dict[str, Callable[[Circuit], Iterator[Figure]]] = {
    "surge": surge,
    "static": static,
    "mains": mains,
    "holdup": holdup,
    "senses": senses,
}
