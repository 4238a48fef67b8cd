"""What a pin of the chip hears before any program runs and with nothing plugged in: simulated."""

from collections.abc import Iterator

from hardware import pins, spice
from hardware.circuit import Circuit
from hardware.derating import Figure

_LEAK_OHM = 5 / 100e-9  # a protection diode's: 100 nA at 5 V (Nexperia PESD5V0S1BA)
_LOW, _HIGH = 0.25, 0.75  # of its supply, what an ESP32 takes for low and for high
_ASIDE_V = 0.15  # from the middle: the 1.13 V of 400 A still fit the converter


def _elements(circuit: Circuit) -> Iterator[str]:
    """Its resistors, the leakage of what protects it, and its supplies, all on the safe side."""
    for ref, placed in circuit.placed.items():
        if any(circuit.nets[net].side != "low" for net in placed.nets if net in circuit.nets):
            continue
        ohm = {"res": placed.part.value, "tvs": _LEAK_OHM}.get(placed.part.kind)
        if ohm and len(placed.nets) == 2:
            one, other = ("0" if net == "GND" else net for net in placed.nets)
            yield f"R{ref} {one} {other} {ohm:g}"
    for name, net in circuit.nets.items():
        if net.supply and name != "GND":
            yield f"V{name} {name} 0 {net.high:g}"


def idle(circuit: Circuit) -> Iterator[Figure]:
    """Each pin that `pins.toml` gives a level in reset, beside what the chip takes for it."""
    held = {name: pin["idle"] for name, pin in pins.read().items() if pin["idle"]}
    asked = "\n".join(f"let at_{name} = v({name})\nprint at_{name}" for name in held)
    seen = spice.run("idle", elements="\n".join(_elements(circuit)), asked=asked.lower())
    supply = circuit.nets["V33"].high
    for name, level in held.items():
        volts = round(seen[f"at_{name.lower()}"], 4)
        if level == "high":
            yield Figure(f"idle {name}", volts, _HIGH * supply, "V", more=True)
        elif level == "low":
            yield Figure(f"idle {name}", abs(volts), _LOW * supply, "V")
        else:
            yield Figure(f"idle {name}, from the middle", abs(volts - supply / 2), _ASIDE_V, "V")
