"""The schematic as KiCad's own files: carrier.kicad_sch and one file a sheet.

Every part is its symbol or a box with its pads; a label with the net's name stands at each, so
that KiCad joins what `carrier.txt` joins, runs its own electrical rules and lays the board out.
Identities are made of the references: a board keeps its places when the files are written anew.
"""

from collections.abc import Iterator

from hardware.circuit import OPEN, Circuit, Placed
from hardware.netlist import identity, off_board, pads, quoted
from hardware.parts import Part

PROJECT = "carrier"
_VERSION = 20230121  # KiCad 7; newer ones read it
_GRID, _LENGTH = 2.54, 5.08
_HALF = 10.16  # of a box; its pins end _LENGTH further out
_COLUMN, _TOP, _BOTTOM, _LEFT = 86.36, 30.48, 248.92, 45.72  # of an A3 sheet, mm
_FONT = "(effects (font (size 1.27 1.27)))"
_HIDDEN = "(effects (font (size 1.27 1.27)) hide)"
_LINE = "(stroke (width 0.254) (type default))"
_FLAG = "PWR_FLAG"

# What parts of two pins look like between ±_HALF, as lines through points, by their kind.
_RESISTOR = ((-4, 1.3), (4, 1.3), (4, -1.3), (-4, -1.3), (-4, 1.3))
_PLATES = ((-0.6, 2), (-0.6, -2)), ((0.6, 2), (0.6, -2))
_ARROW = ((-2, 2), (-2, -2), (2, 0), (-2, 2)), ((2, 2), (2, -2))
_BOTH_WAYS = ((-2, 2), (-2, -2), (2, 2), (2, -2), (-2, 2)), ((0, 2), (0, -2))
_COIL = (
    *((-4, 0), (-4, 1.5), (-1.5, 1.5), (-1.5, 0), (-1.5, 1.5)),
    *((1.5, 1.5), (1.5, 0), (1.5, 1.5), (4, 1.5), (4, 0)),
)
_SHAPES: dict[str, tuple[float, tuple]] = {  # where the leads end, and the lines
    **dict.fromkeys(("res", "fusible"), (4, (_RESISTOR,))),
    "fuse": (4, (_RESISTOR, ((-4, 0), (4, 0)))),
    "varistor": (4, (_RESISTOR, ((-5, -2.5), (-3, -2.5), (4, 2.5)))),
    **dict.fromkeys(("cap", "bulk", "out", "polymer", "supercap", "y"), (0.6, _PLATES)),
    **dict.fromkeys(("fast", "schottky", "signal", "lamp", "clamp"), (2, _ARROW)),
    "tvs": (2, _BOTH_WAYS),
    **dict.fromkeys(("inductor", "ferrite"), (4, (_COIL,))),
}


def _rows(part: Part) -> list[tuple[str, str, str, bool, float]]:
    """Pad, pin's name, kind, at the right, height above the middle (mm); the first half left."""
    every = list(pads(part)) or [
        (str(number), pin.name, "passive") for number, pin in enumerate(part.pins, 1)
    ]
    half = (len(every) + 1) // 2
    found = []
    for number, (pad, name, kind) in enumerate(every):
        right = number >= half
        row = number - half if right else number
        found.append((pad, name, kind, right, ((half - 1) / 2 - row) * _GRID))
    return found


def _tall(part: Part) -> float:
    return (len(_rows(part)) + 1) // 2 * _GRID


def _property(name: str, text: str, x: float, y: float, effects: str = _HIDDEN) -> str:
    return f"(property {quoted(name)} {quoted(text)} (at {x:.2f} {y:.2f} 0) {effects})"


def _pin(kind: str, x: float, y: float, angle: int, name: str, number: str) -> str:
    return (
        f"(pin {kind} line (at {x:.2f} {y:.2f} {angle}) (length {_LENGTH}) "
        f"(name {quoted(name)} {_FONT}) (number {quoted(number)} {_FONT}))"
    )


def _lines(part: Part) -> list[tuple]:
    """The lines of a part of two pins, an arrow from anode to cathode; none: it is a box."""
    if len(_rows(part)) != 2 or part.kind not in _SHAPES:
        return []
    end, lines = _SHAPES[part.kind]
    turned = -1 if part.pins[0].name == "K" else 1
    found = [tuple((x * turned, y) for x, y in line) for line in lines]
    return [((-_HALF, 0), (-end, 0)), ((end, 0), (_HALF, 0)), *found]


def _body(part: Part) -> str:
    edge = _tall(part) / 2
    lines = [
        "(polyline (pts "
        + " ".join(f"(xy {x:.2f} {y:.2f})" for x, y in line)
        + f") {_LINE} (fill (type none)))"
        for line in _lines(part)
    ]
    return " ".join(lines) or (
        f"(rectangle (start {-_HALF} {edge:.2f}) (end {_HALF} {-edge:.2f}) {_LINE} "
        "(fill (type background)))"
    )


def _symbol(part: Part) -> str:
    """A kind of part in the sheet's library."""
    end = _HALF + _LENGTH
    pins = " ".join(
        _pin(kind, end if right else -end, y, 180 if right else 0, name, pad)
        for pad, name, kind, right, y in _rows(part)
    )
    edge = _tall(part) / 2
    return (
        f'(symbol "hanma:{part.name}" {"(pin_names hide) " if _lines(part) else ""}'
        "(in_bom yes) (on_board yes) "
        f"{_property('Reference', 'X', 0, edge + 2.54, _FONT)} "
        f"{_property('Value', part.number, 0, -edge - 2.54, _FONT)} "
        f"{_property('Footprint', part.footprint, 0, 0)} {_property('Datasheet', '', 0, 0)} "
        f'(symbol "{part.name}_0_1" {_body(part)}) '
        f'(symbol "{part.name}_1_1" {pins}))'
    )


_FLAG_SYMBOL = (
    f'(symbol "power:{_FLAG}" (power) (in_bom no) (on_board no) '
    f"{_property('Reference', '#FLG', 0, 2.54)} {_property('Value', _FLAG, 0, 3.81, _FONT)} "
    f"{_property('Footprint', '', 0, 0)} {_property('Datasheet', '', 0, 0)} "
    f'(symbol "{_FLAG}_0_0" (pin power_out line (at 0 0 90) (length 0) '
    f'(name "pwr" {_FONT}) (number "1" {_FONT}))))'
)


def _instance(sheet: str, ref: str) -> str:
    path = f"/{identity('')}/{identity(sheet)}"
    return (
        f'(instances (project "{PROJECT}" (path {quoted(path)} '
        f"(reference {quoted(ref)}) (unit 1))))"
    )


def _label(net: str, x: float, y: float, right: bool, of: str) -> str:
    angle, justify = (0, "left") if right else (180, "right")
    return (
        f"(global_label {quoted(net)} (shape passive) (at {x:.2f} {y:.2f} {angle}) "
        f"(effects (font (size 1.27 1.27)) (justify {justify})) (uuid {identity(of)}))"
    )


def _part(placed: Placed, x: float, y: float) -> Iterator[str]:
    part, edge = placed.part, _tall(placed.part) / 2
    here = "no" if off_board(placed) else "yes"
    numbers = " ".join(
        f"(pin {quoted(row[0])} (uuid {identity(f'{placed.ref}.{row[0]}')}))"
        for row in _rows(part)
    )
    yield (
        f'(symbol (lib_id "hanma:{part.name}") (at {x:.2f} {y:.2f} 0) (unit 1) (in_bom yes) '
        f"(on_board {here}) (dnp no) (uuid {identity(placed.ref)}) "
        f"{_property('Reference', placed.ref, x, y - edge - 2.54, _FONT)} "
        f"{_property('Value', part.number, x, y + edge + 2.54, _FONT)} "
        f"{_property('Footprint', '' if off_board(placed) else part.footprint, x, y)} "
        f"{_property('Datasheet', part.sheet, x, y)} {numbers} "
        f"{_instance(placed.sheet, placed.ref)})"
    )
    nets = placed.by_pin
    for pad, name, _, right, up in _rows(part):
        end = x + (_HALF + _LENGTH) * (1 if right else -1)
        net, of = nets.get(name, OPEN), f"{placed.ref}/{name}/{pad}"
        if net == OPEN:
            yield f"(no_connect (at {end:.2f} {y - up:.2f}) (uuid {identity(of)}))"
        else:
            yield _label(net, end, y - up, right, of)


def _flags(circuit: Circuit, sheet: str) -> list[str]:
    """The supplies that a sheet shows first and that no output feeds, but diodes or the coil."""
    first: dict[str, str] = {}
    for placed in circuit.placed.values():
        for net in placed.nets:
            first.setdefault(net, placed.sheet)
    return [
        name
        for name, net in circuit.nets.items()
        if net.supply
        and first.get(name) == sheet
        and not any(pin.kind == "S" for _, pin in circuit.on(name))
    ]


def _places(circuit: Circuit, sheet: str) -> Iterator[tuple[Placed, float, float]]:
    """Where the middle of each part of a sheet stands, column by column."""
    x, y = _LEFT, _TOP
    for placed in circuit.placed.values():
        if placed.sheet != sheet:
            continue
        tall = _tall(placed.part) + 4 * _GRID
        if y + tall > _BOTTOM:
            x, y = x + _COLUMN, _TOP
        rows = round(_tall(placed.part) / _GRID)
        yield placed, x, y + 2 * _GRID + (rows - 1) / 2 * _GRID
        y += tall


def _flag(circuit: Circuit, net: str, number: int, sheet: str) -> Iterator[str]:
    x, y = _LEFT + 16 * _GRID * number, 8 * _GRID
    ref = f"#FLG{list(circuit.nets).index(net)}"
    yield (
        f'(symbol (lib_id "power:{_FLAG}") (at {x:.2f} {y:.2f} 0) (unit 1) (in_bom no) '
        f"(on_board no) (dnp no) (uuid {identity(f'flag/{net}')}) "
        f"{_property('Reference', ref, x, y - 2.54)} "
        f"{_property('Value', _FLAG, x, y - 3.81, _FONT)} {_property('Footprint', '', x, y)} "
        f'{_property("Datasheet", "", x, y)} (pin "1" (uuid {identity(ref)})) '
        f"{_instance(sheet, ref)})"
    )
    yield _label(net, x, y, True, f"flag/{net}/label")


def _page(words: str, paper: str, of: str) -> list[str]:
    return [
        f"(kicad_sch (version {_VERSION}) (generator hanma)",
        f'(uuid {identity(of)}) (paper "{paper}") (title_block (title {quoted(words)}))',
    ]


def _sheet(circuit: Circuit, name: str) -> str:
    kinds = {one.part.name: one.part for one in circuit.placed.values() if one.sheet == name}
    lines = _page(f"HanMa · {circuit.sheets[name]}", "A3", f"file/{name}")
    lines += ["(lib_symbols", _FLAG_SYMBOL, *map(_symbol, kinds.values()), ")"]
    for placed, x, y in _places(circuit, name):
        lines += _part(placed, x, y)
    for number, net in enumerate(_flags(circuit, name)):
        lines += _flag(circuit, net, number, name)
    return "\n".join([*lines, ")", ""])


def _root(circuit: Circuit) -> str:
    lines = [*_page("HanMa · carrier", "A4", ""), "(lib_symbols)"]
    for number, name in enumerate(circuit.sheets):
        x, y = 25.4 + number % 3 * 76.2, 38.1 + number // 3 * 50.8
        lines.append(
            f"(sheet (at {x:.2f} {y:.2f}) (size 50.8 25.4) {_LINE} "
            f"(fill (color 0 0 0 0)) (uuid {identity(name)}) "
            f"{_property('Sheetname', name, x, y - 1.27, _FONT)} "
            f"{_property('Sheetfile', f'{name}.kicad_sch', x, y + 27.94, _FONT)} "
            f'(instances (project "{PROJECT}" (path "/{identity("")}" (page "{number + 2}")))))'
        )
    return "\n".join([*lines, '(sheet_instances (path "/" (page "1")))', ")", ""])


def files(circuit: Circuit) -> dict[str, str]:
    """The files of the schematic: name → text."""
    found = {f"{PROJECT}.kicad_sch": _root(circuit)}
    return found | {f"{name}.kicad_sch": _sheet(circuit, name) for name in circuit.sheets}
