"""The netlist in KiCad's form: every part with its footprint, every pad with its net.

Pcbnew reads it with File → Import → Netlist. What hangs at a plug (button, lid switch) is not on
the board and not in it. Identities are made of the references, so that a board keeps its places
when the netlist is written anew.
"""

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from hardware.circuit import OPEN, Circuit, Placed
from hardware.parts import ELSEWHERE, Part

_TYPES = {
    **{"p": "passive", "i": "input", "o": "output", "t": "bidirectional"},
    **{"P": "power_in", "S": "power_out", "c": "open_collector"},
}
_NO = "no_connect"


def quoted(text: str) -> str:
    """A word as KiCad's files want it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _told(name: str, text: str) -> str:
    return f"({name} {quoted(text)})"


def identity(name: str) -> str:
    """The same for the same name, for ever."""
    return str(uuid5(NAMESPACE_URL, f"hanma/carrier/{name}"))


def off_board(placed: Placed) -> bool:
    """Whether a part hangs at a plug."""
    return placed.part.footprint == ELSEWHERE


def on_board(circuit: Circuit) -> list[Placed]:
    """The parts that the board has a place for."""
    return [one for one in circuit.placed.values() if not off_board(one)]


def _component(placed: Placed) -> str:
    part = placed.part
    fields = {"Maker": part.maker, "Second": f"{part.second_maker} {part.second_number}"}
    path = _told("names", f"/{placed.sheet}/") + _told("tstamps", f"/{identity(placed.sheet)}/")
    return "".join(
        [
            f"(comp {_told('ref', placed.ref)}{_told('value', part.number)}",
            f"{_told('footprint', part.footprint)}{_told('datasheet', part.sheet)}(fields",
            *(f"(field {_told('name', name)} {quoted(text)})" for name, text in fields.items()),
            f")(libsource {_told('lib', 'hanma')}{_told('part', part.name)}",
            f"{_told('description', part.what)})(sheetpath {path})",
            f"{_told('tstamps', identity(placed.ref))})",
        ]
    )


def pads(part: Part) -> Iterator[tuple[str, str, str]]:
    """Every pad of a part with the name and kind of its pin; of several only the first drives."""
    for pin in part.pins:
        for pad in pin.pads:
            yield pad, pin.name, _TYPES[pin.kind] if pad == pin.pads[0] else "passive"
    yield from ((pad, "NC", _NO) for pad in part.left_open)


def _library(part: Part) -> str:
    pins = "".join(
        f"(pin {_told('num', pad)}{_told('name', name)}{_told('type', kind)})"
        for pad, name, kind in pads(part)
    )
    footprints = f"(footprints {_told('fp', part.footprint)})"
    return (
        f"(libpart {_told('lib', 'hanma')}{_told('part', part.name)}"
        f"{_told('description', part.what)}{footprints}(pins {pins}))"
    )


def joined(circuit: Circuit) -> dict[str, list[tuple[str, str, str, str]]]:
    """Net → (reference, pad, pin's name, kind); a pad that stays open has a net of its own."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for placed in on_board(circuit):
        nets = placed.by_pin
        for pad, name, kind in pads(placed.part):
            net = nets.get(name, OPEN)
            if net == OPEN:
                net = f"unconnected-({placed.ref}-{name}-Pad{pad})"
                kind = kind if kind == _NO else f"{kind}+{_NO}"
            found.setdefault(net, []).append((placed.ref, pad, name, kind))
    return found


def _net(code: int, name: str, nodes: list[tuple[str, str, str, str]]) -> str:
    told = "".join(
        f"(node {_told('ref', ref)}{_told('pin', pad)}"
        f"{_told('pinfunction', pin)}{_told('pintype', kind)})"
        for ref, pad, pin, kind in nodes
    )
    return f"(net {_told('code', str(code))}{_told('name', name)}{told})"


def text(circuit: Circuit) -> str:
    """The whole netlist: a line a part, a kind of part, a net."""
    placed = on_board(circuit)
    kinds = {one.part.name: one.part for one in placed}
    nets = joined(circuit).items()
    return "\n".join(
        [
            f"(export {_told('version', 'E')}",
            f"(design {_told('source', 'hardware/carrier.txt')}{_told('tool', 'hanma hardware')})",
            "(components",
            *map(_component, placed),
            ")",
            "(libparts",
            *map(_library, kinds.values()),
            ")",
            "(nets",
            *(_net(code, name, nodes) for code, (name, nodes) in enumerate(nets, 1)),
            "))",
            "",
        ]
    )
