"""`hanma hardware check`: parts, footprints, rules, pins, derating, simulations, documents."""

import re
from collections.abc import Collection, Iterable

from hardware import derating, footprints, parts, pins, rules, simulations, stress
from hardware.circuit import Circuit
from hardware.derating import Figure, Stress
from hardware.parts import HERE, Part

# A line of bring-up.md names a figure, its value and where the board may be: `{rail: 3.7 V, 3…4}`.
_EXPECTED = re.compile(r"\{([^{}]+): ([-0-9.]+) (\w+), ([-0-9.]+)…([-0-9.]+)\}")
_NEAR = 0.02
# compliance.md tells the least margin of a kind of figures: `{surge ≥ 1.05}`.
_LEAST = re.compile(r"\{([^{}]+) ≥ ([0-9.]+)\}")


def unused(circuit: Circuit, known: Iterable[str]) -> list[str]:
    """Parts in the list that are nowhere on the board."""
    placed = {one.part.name for one in circuit.placed.values()}
    return [f"{name}: in parts.csv, not on the board" for name in known if name not in placed]


def design(known: dict[str, Part], circuit: Circuit) -> dict[str, list[str]]:
    """What is wrong with parts, circuit and pins, by the name of the check that was made."""
    found = {"parts": parts.faults(known.values()) + unused(circuit, known)}
    found["footprints"] = footprints.faults_of_ours(known.values())
    if footprints.LIBRARY.exists():
        found["footprints"] += footprints.faults(known.values())
    return found | {"rules": rules.faults(circuit), "pins": pins.faults(pins.read(), circuit)}


def not_shown(known: Collection[Part]) -> list[str]:
    """What no check shows: ratings and pins told from memory, footprints that none compared."""
    memory, draw = parts.from_memory(known), footprints.to_draw(known)
    alike = f"{len(footprints.in_library(known))} of {len(known)} of KiCad's library"
    if not footprints.LIBRARY.exists():
        alike += ", not compared (apt install kicad-footprints)"
    return [
        f"ratings: {len(known) - len(memory)} of {len(known)} kinds of part compared with the "
        f"maker's sheet; from memory: {', '.join(memory)}",
        f"pins: numbers still from memory: {', '.join(parts.pins_from_memory(known)) or 'none'}",
        f"footprints: {alike}; to be drawn: {', '.join(draw)}",
    ]


def simulated(circuit: Circuit) -> list[Figure | Stress]:
    """All that ngspice and the budget say: what stands beside a limit, and what parts see."""
    found: list[Figure | Stress] = list(stress.board(circuit, simulations.LOW_BUS_V))
    for simulate in simulations.SIMULATIONS.values():
        found += simulate(circuit)
    return found


def judged(circuit: Circuit, seen: Iterable[Figure | Stress]) -> tuple[list[Figure], list[str]]:
    """Every figure beside its limit, of the stresses the worst; and the parts that none judges."""
    seen = list(seen)
    stresses = [one for one in seen if isinstance(one, Stress)]
    figures = [one for one in seen if isinstance(one, Figure)]
    return derating.worst(circuit, stresses) + figures, derating.forgotten(circuit, stresses)


def compliance(simulated: dict[str, Figure]) -> list[str]:
    """Where compliance.md tells another margin than the simulation's least, cut to two places."""
    found = []
    for kind, told in _LEAST.findall((HERE / "compliance.md").read_text("utf-8")):
        margins = [one.margin for what, one in simulated.items() if what.startswith(kind)]
        least = int(min(margins, default=0) * 100 + 1e-6) / 100
        if least != float(told):
            found.append(f"compliance.md: {kind} ≥ {least:.2f}")
    return found


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
