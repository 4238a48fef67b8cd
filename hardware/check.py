"""`hanma hardware check`: parts, rules, pins, simulations and the bring-up list, in this order."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from hardware import parts, pins, rules, simulations
from hardware.circuit import Circuit, carrier
from hardware.parts import HERE, LIST
from hardware.simulations import Figure

# A line of bring-up.md names a figure, its value and where the board may be: `{rail: 3.7 V, 3…4}`.
_EXPECTED = re.compile(r"\{([^{}]+): ([-0-9.]+) (\w+), ([-0-9.]+)…([-0-9.]+)\}")
_NEAR = 0.02


def unused(circuit: Circuit, known: Iterable[str]) -> list[str]:
    """Parts in the list that are nowhere on the board."""
    placed = {one.part.name for one in circuit.placed.values()}
    return [f"{name}: in parts.csv, not on the board" for name in known if name not in placed]


def design(listed: Path = LIST) -> dict[str, list[str]]:
    """What is wrong with parts, circuit and pins, by the name of the check."""
    known, circuit = parts.read(listed), carrier(listed)
    return {
        "parts": parts.faults(known.values()) + unused(circuit, known),
        "rules": rules.faults(circuit),
        "pins": pins.faults(pins.read(), circuit),
    }


def figures(listed: Path = LIST) -> Iterator[Figure]:
    """Every simulated figure beside its limit."""
    circuit = carrier(listed)
    for simulate in simulations.SIMULATIONS.values():
        yield from simulate(circuit)


def bring_up(simulated: dict[str, Figure]) -> list[str]:
    """Where bring-up.md expects something else than the simulation says."""
    found = []
    for name, value, unit, low, high in _EXPECTED.findall(
        (HERE / "bring-up.md").read_text("utf-8")
    ):
        figure = simulated.get(name)
        if figure is None:
            found.append(f"bring-up.md: no figure {name}")
        elif (
            figure.unit != unit
            or not float(low) <= figure.value <= float(high)
            or abs(figure.value - float(value)) > _NEAR * figure.value
        ):
            found.append(f"bring-up.md: {name} is {figure.value:.3g} {figure.unit}")
    return found
