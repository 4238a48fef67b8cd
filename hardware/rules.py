"""The electrical rules: what is wrong with a circuit, one plain sentence each."""

from collections.abc import Callable

from hardware.circuit import OPEN, Circuit
from hardware.derating import ISOLATION_V


def lonely(circuit: Circuit) -> list[str]:
    """A net of one pin is a wire that was forgotten."""
    return [f"net {net}: one pin only" for net in circuit.nets if len(list(circuit.on(net))) < 2]


_IDLE = ("cap", "tvs")  # such a part neither drives nor pulls


def driven(circuit: Circuit) -> list[str]:
    """Two outputs never fight; an input hears somebody; what takes power hangs on a supply."""
    found = []
    for net, told in circuit.nets.items():
        kinds = [pin.kind for one, pin in circuit.on(net) if one.part.kind not in _IDLE]
        if sum(kind in "oS" for kind in kinds) > 1:
            found.append(f"net {net}: two outputs")
        if "i" in kinds and not set(kinds) & set("otScp"):
            found.append(f"net {net}: inputs and nothing that drives them")
        if "P" in kinds and not (told.supply or "S" in kinds):
            found.append(f"net {net}: takes power from no supply")
        if "c" in kinds and not set(kinds) & set("pP"):
            found.append(f"net {net}: an open collector without anything that pulls")
    return found


def isolated(circuit: Circuit) -> list[str]:
    """Only a part made for it stands between the sides, and it stands the test voltage."""
    found = []
    for placed in circuit.placed.values():
        sides: dict[str, set[str]] = {}
        for pin, net in zip(placed.part.pins, placed.nets, strict=True):
            if net != OPEN:
                sides.setdefault(pin.side, set()).add(circuit.nets[net].side)
        if any(len(touched) > 1 for touched in sides.values()):
            found.append(f"{placed.ref} {placed.part.name}: joins two sides of the isolation")
        crosses = len(set().union(*sides.values())) > 1
        if crosses and placed.part.isolation_v < ISOLATION_V:
            found.append(
                f"{placed.ref} {placed.part.name}: {placed.part.isolation_v:g} V isolation, "
                f"needed {ISOLATION_V} V"
            )
    return found


def guarded(circuit: Circuit) -> list[str]:
    """Every wire that leaves the case has its protection against static."""
    return [
        f"net {net}: leaves the case without protection"
        for net in circuit.outside
        if not any(placed.part.kind == "tvs" for placed, _ in circuit.on(net))
    ]


def reached(circuit: Circuit) -> list[str]:
    """Every pin of a connector is told to be outside, is ground, or belongs to an inner one."""
    return [
        f"net {net}: at {placed.ref}, neither outside nor inside"
        for placed in circuit.placed.values()
        if placed.ref.startswith("J") and placed.ref not in circuit.inside
        for net in placed.nets
        if net not in (OPEN, "GND", *circuit.outside)
    ]


RULES: tuple[Callable[[Circuit], list[str]], ...] = (
    *(lonely, driven, isolated, guarded, reached),
)


def faults(circuit: Circuit) -> list[str]:
    """Everything that any rule finds."""
    return [fault for rule in RULES for fault in rule(circuit)]
