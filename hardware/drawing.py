"""Draws the schematic: a page a sheet, every part with the net at each pin written beside it.

The drawing is made from the netlist alone, so it cannot say anything else. Nets are joined by
their names, as on a large drawing with labels; a colour tells the side of the isolation.
"""

from collections.abc import Iterator
from html import escape

from hardware import netlist, schematic, wiring
from hardware.circuit import OPEN, Circuit, Placed

_WIDE, _GAP, _LINE, _TOP = 470, 30, 20, 70
_ROWS = 34  # lines in a column
_COLOURS = {"mains": "#b3261e", "contact": "#b3261e", "loop": "#b26a00", "low": "#1b4f8f"}
_STYLE = (
    "text{font:13px 'Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif}"
    ".t{font-size:20px;font-weight:bold}.r{font-weight:bold}.s{font-size:11px;fill:#555}"
    ".b{fill:#fff;stroke:#333;stroke-width:1.4}.w{stroke-width:1.6}"
)
_UNITS = ((1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


# Symbols of two-pin parts around (0, 0), by the first word of the part's name.
_RESISTOR = "M-60 0H-24M-24 -8H24V8H-24ZM24 0H60"
_CAPACITOR = "M-60 0H-4M-4 -11V11M4 -11V11M4 0H60"
_DIODE = "M-60 0H-10M-10 -9V9L10 0ZM10 -9V9M10 0H60"
_BOTH_WAYS = "M-60 0H-12M-12 -9V9L0 0ZM12 -9V9L0 0ZM0 -9V9M12 0H60"
_SWITCH = "M-60 0H-20L16 -14M20 0H60"
_SOCKET = (
    "M-60 0H-26M-26 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M14 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M26 0H60"
)
_SYMBOLS = {
    **dict.fromkeys(("res", "fusible"), _RESISTOR),
    "varistor": f"{_RESISTOR}M-30 14H-20L20 -14",
    "fuse": f"{_RESISTOR}M-24 0H24",
    **dict.fromkeys(("cap", "bulk", "out", "polymer", "supercap", "y"), _CAPACITOR),
    **dict.fromkeys(("fast", "schottky", "signal", "lamp"), _DIODE),
    **dict.fromkeys(("tvs", "clamp"), _BOTH_WAYS),
    **dict.fromkeys(("button", "lid"), _SWITCH),
    **dict.fromkeys(("terminal", "antenna"), _SOCKET),
    **dict.fromkeys(("inductor", "ferrite"), "M-60 0H-24C-24 -16 -8 -16 -8 0C-8 -16 8 -16 8 0"
    "C8 -16 24 -16 24 0H60"),
}  # fmt: skip


def value_words(value: float) -> str:
    """66500 → `66.5k`; nothing for 0."""
    if not value:
        return ""
    scale, letter = next((pair for pair in _UNITS if value >= pair[0] * 0.999), _UNITS[-1])
    return f"{value / scale:.3g}{letter}"


def _colour(circuit: Circuit, net: str) -> str:
    return _COLOURS[circuit.nets[net].side] if net != OPEN else "#999"


def _text(x: float, y: float, words: str, css: str = "", more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{css}" {more}>{escape(words)}</text>'


def _wire(circuit: Circuit, x: float, y: float, net: str, pin: str, right: bool) -> Iterator[str]:
    """A pin's stub with its net outside the box and its name inside."""
    end = x + 22 if right else x - 22
    colour = _colour(circuit, net)
    yield f'<path class="w" d="M{x:g} {y:g}H{end:g}" stroke="{colour}"/>'
    anchor, name = ("start", "end") if right else ("end", "start")
    step = 5 if right else -5
    yield _text(end + step, y + 4, net, "", f'text-anchor="{anchor}" fill="{colour}"')
    yield _text(x - step, y + 4, pin, "s", f'text-anchor="{name}"')


def height(placed: Placed) -> int:
    """Lines that a part takes."""
    return 2 if len(placed.nets) == 2 else 2 + (len(placed.nets) + 1) // 2


def _symbol(circuit: Circuit, placed: Placed, x: float, y: float) -> Iterator[str]:
    """A part of two pins: its symbol, its name and value above, its nets at both ends."""
    middle = x + 235
    path = _SYMBOLS[placed.part.kind]
    yield f'<path class="b" transform="translate({middle:g} {y + 26:g})" d="{path}"/>'
    words = f"{placed.ref}  {value_words(placed.part.value) or placed.part.name}"
    yield _text(middle, y + 8, words, "r", 'text-anchor="middle"')
    for side, net, anchor in ((-66, placed.nets[0], "end"), (66, placed.nets[1], "start")):
        more = f'text-anchor="{anchor}" fill="{_colour(circuit, net)}"'
        yield _text(middle + side, y + 30, net, "", more)


def _part(circuit: Circuit, placed: Placed, x: float, y: float) -> Iterator[str]:
    if len(placed.nets) == 2 and placed.part.kind in _SYMBOLS:
        yield from _symbol(circuit, placed, x, y)
        return
    left, wide = x + 130, 210
    half = (len(placed.nets) + 1) // 2
    tall = _LINE * height(placed) - 10
    yield f'<rect class="b" x="{left}" y="{y}" width="{wide}" height="{tall}" rx="3"/>'
    middle = left + wide / 2
    words = f"{placed.ref}  {placed.part.name}"
    yield _text(middle, y + 15, words, "r", 'text-anchor="middle"')
    first = y + 25 if half == 1 else y + _LINE * 1.6
    for number, (pin, net) in enumerate(zip(placed.part.pins, placed.nets, strict=True)):
        right = number >= half
        at = first + _LINE * (number - half if right else number)
        yield from _wire(circuit, left + wide if right else left, at, net, pin.name, right)


def sheet(circuit: Circuit, name: str) -> str:
    """One sheet as SVG; KeyError for a sheet that is not there."""
    words = circuit.sheets[name]
    body: list[str] = []
    column = row = 0
    for placed in circuit.placed.values():
        if placed.sheet != name:
            continue
        if row + height(placed) > _ROWS:
            column, row = column + 1, 0
        body += _part(circuit, placed, _GAP + column * _WIDE, _TOP + row * _LINE)
        row += height(placed) + 1
    wide, tall = _GAP * 2 + (column + 1) * _WIDE, _TOP + (_ROWS + 2) * _LINE
    legend = (
        "红 = 市电侧 red: mains · 橙 = 热保护回路 orange: thermal loop · 蓝 = 安全侧 blue: safe"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" '
            f'width="{wide}" height="{tall}" role="img" aria-label="{escape(words)}">',
            f"<style>{_STYLE}</style>",
            f'<rect width="{wide}" height="{tall}" fill="#fff"/>',
            _text(_GAP, 34, f"HanMa · {words}", "t"),
            _text(_GAP, 54, legend, "s"),
            *body,
            "</svg>",
        ]
    )


def all_of(circuit: Circuit) -> dict[str, str]:
    """Every drawing, and in a folder KiCad's schematic and netlist: file name → text."""
    files = {f"{name}.svg": sheet(circuit, name) for name in circuit.sheets}
    files |= {f"wiring-{name}.svg": wiring.picture(name) for name in wiring.KINDS}
    kicad = schematic.files(circuit) | {"carrier.net": netlist.text(circuit)}
    return files | {f"kicad/{name}": text for name, text in kicad.items()}
