"""What the board stands, simulated with its schematic's values.

Each figure stands beside the limit of the part that it must spare; the margin is how many times
it could be worse. A laboratory has the last word (compliance.md); this says that it is worth it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import exp, sqrt

from hardware import loads, powerline, spice
from hardware.circuit import OPEN, Circuit, Placed
from hardware.derating import Figure, Stress
from hardware.idle import idle

CONTACT_V, AIR_V = 4000, 8000  # CQ annex 1.12, 1.13
HOLDUP_S = 2.0  # what simulator/terminal.py counts on

# A discharge by the human body model: 1.5 kΩ. For modem and amplifier 1 kV is assumed.
_BODY_OHM = 1500
_BODY_V = {"esp32": 2000, "opamp": 4000, "modem": 1000, "amplifier": 1000}
_CLAMP_OHM = {"tvs-5v": 0.6, "tvs-sim": 0.7, "tvs-rf": 0.66}  # TLP slopes of the data sheets
_CHARGED_S = 600  # since the mains came: what manual and bring-up list ask for
_UNTIL_S = 16.0  # not simulated further
_CELL_OHM = 0.042  # Maxwell HC Series, 25 F, new and at 25 °C
LOW_BUS_V = 2.9  # at the end of hold-up, where the buck-boost has reached its limit of current


@dataclass(frozen=True)
class Bank:
    """The supercapacitors in one state: share of their farads, how many times their ohms; the
    same of the electrolytic behind them."""

    state: str
    farads: float
    ohms: float
    bus_farads: float


# As rated, and worn out as the maker's life test ends (−20 %, twice the ohms); in the cold
# a tenth of the farads and once more twice the ohms. The electrolytic: −20 %, in the cold −30 %.
BANKS = (
    Bank("new, 25 °C", 1.0, 1, 0.8),
    Bank("worn out, 25 °C", 0.8, 2, 0.8),
    Bank("worn out, −40 °C", 0.8 * 0.9, 4, 0.8 * 0.7),
)


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
    kind, value = series.part.kind, series.part.value
    if kind == "cap":
        return {"series": f"Cser x pin {value:.6g}", "chip": _RADIO, "pin_f": 5e-13}
    ohm = value / 10 if kind == "ferrite" else value  # a ferrite's resistance to so short a pulse
    return {"series": f"Rser x pin {ohm:.6g}", "chip": _DIODES, "pin_f": 5e-12 + held}


def discharges(circuit: Circuit, net: str) -> Iterator[Figure | Stress]:
    """±4 kV in contact and ±8 kV through air into one wire that leaves the case."""
    guard = next(p for p, _ in circuit.on(net) if p.part.name in _CLAMP_OHM)
    series, behind, chip = _behind(circuit, net)
    held = [p.part.value for p, _ in circuit.on(behind) if p.part.kind == "cap"]
    limit = _BODY_V[chip.part.name] / _BODY_OHM
    for words, volts in (("contact", CONTACT_V), ("air", AIR_V)):
        amps = [
            spice.run(
                "static",
                shot_v=shot,
                clamp_v=guard.part.value,
                clamp_ohm=_CLAMP_OHM[guard.part.name],
                **_elements(series, sum(held)),
            )["chip_a"]
            for shot in (volts, -volts)
        ]
        where = f"static ±{volts // 1000} kV {words} into {net}"
        yield Figure(f"{where}: {chip.ref} {chip.part.name}", max(amps), limit, "A")
    yield Stress(guard.ref, "pulse", CONTACT_V, "static, contact")


def static(circuit: Circuit) -> Iterator[Figure | Stress]:
    """Both discharges into every wire that leaves the case."""
    for net in circuit.outside:
        yield from discharges(circuit, net)


def holdup(circuit: Circuit) -> Iterator[Figure]:
    """Mains gone ten minutes after it came, and the modem sends: how long the board lives."""
    full_v, ohm = loads.bank_v(circuit), loads.charging_ohm(circuit)
    mean, peak = loads.rails(circuit)
    burst = loads.taken(circuit, "VMOD")[1]
    for bank in BANKS:
        farad = circuit.value("C10") / 2 * bank.farads
        volts = full_v * (1 - exp(-_CHARGED_S / (ohm * farad)))
        seen = spice.run(
            "holdup",
            bank_f=farad,
            bank_v=volts,
            bank_ohm=2 * _CELL_OHM * bank.ohms,
            bus_f=(circuit.value("C12") + circuit.value("C17")) * bank.bus_farads,
            bus_v=volts - 0.4,
            rail_v=loads.rail_v(circuit),
            rail_f=circuit.value("C13") + circuit.value("C14"),
            out_ohm=0.04,
            most_a=circuit.placed["U6"].part.amps,
            idle_a=mean - burst * loads.BURST,
            burst_a=peak,
            until_s=_UNTIL_S,
        )
        held = seen.get("held_s", _UNTIL_S)
        yield Figure(f"hold-up with 2 A bursts, {bank.state}", held, HOLDUP_S, "s", more=True)
        yield Figure(f"modem's supply, {bank.state}", seen["dip_v"], 3.4, "V", more=True)


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


def transformer(circuit: Circuit) -> Iterator[Figure]:
    """The flux in the least of the core's section, at the current where the switcher cuts off."""
    amps = 1.1 * circuit.placed["U1"].part.amps
    weber = 1.1 * circuit.value("T1") * amps / loads.PRIMARY  # wound 10 % above its inductance
    yield Figure("flux in T1", weber / loads.CORE_MM2 * 1e6, loads.CORE_T, "T")


SIMULATIONS: dict[str, Callable[[Circuit], Iterator[Figure | Stress]]] = {
    "surge": powerline.surge,
    "static": static,
    "mains": powerline.mains,
    "holdup": holdup,
    "senses": senses,
    "idle": idle,
    "transformer": transformer,
}
