"""Wiring pictures for the electrician: single phase, three phase, contactor box, thermal loop.

Upright and in large letters, for they are read on a phone beside the machine: the mains runs down
the left, the terminal stands on the right. Wires are joined only where there is a dot. No style
element: a page's content policy allows none.
"""

from collections.abc import Callable
from html import escape

_WIDE, _TALL = 720, 1100
_FONT = "Noto Sans CJK SC, WenQuanYi Micro Hei, sans-serif"
_RED, _BLUE, _ORANGE, _BLACK = "#b3261e", "#1b4f8f", "#b26a00", "#222"
_GREEN, _GREY = "#2e7d32", "#999"
_WARNING = "⚠ 市电致命。只由持证电工接线；先断电、验电、挂牌。"
_KILLS = "Mains kills: licensed electrician only. Switch off, lock, test first."
_LEGEND = (
    "● 相连，交叉无点不相连　FU：2 A、500 V 慢断　红 = 市电",
    "绿 = 保护接地　蓝 = 安全侧　橙 = 热保护回路　灰 = 此接法不用",
    "Joined only at a dot. FU: 2 A, 500 V, time-lag. Red: mains, green: earth,",
    "blue: safe side, orange: thermal loop, grey: not used in this way.",
)
_FIRST, _APART = 190, 42  # the supply's first wire; the next one stands to its left
_EARTH = 26
_EDGE = 480  # the terminal's left edge
_FUSE, _COIL = 330, 250  # where a fuse and the contactor's coil stand in a wire
# Where the terminal's connectors stand along that edge; the names are the schematic's.
TERMINALS = {
    **{"J1 L": 290, "J1 N": 345, "J5 1": 410, "J5 2": 465, "J6 1": 525, "J6 2": 575},
    **{"J7 1": 640, "J7 2": 695, "J8 1": 770, "J8 2": 820},
}
_FOR = {"J1 L": "供电 supply", "J5 1": "触点 contact", "J6 1": "热保护 loop"}
_FOR |= {"J7 1": "回读 read-back", "J8 1": "互感器 CT"}


class _Picture:
    """The page with its warning, the supply's breaker and the terminal; then wires between."""

    def __init__(self, title: tuple[str, str], supply: list[str], used: set[str]) -> None:
        self.body = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_TALL}" '
            f'role="img" aria-label="{escape(" ".join(title))}" font-family="{_FONT}">',
            f'<rect width="{_WIDE}" height="{_TALL}" fill="#fff"/>',
        ]
        self.text(20, 38, title[0], size=28)
        self.text(20, 98, _WARNING, _RED, size=23)
        self.text(20, 66, title[1], size=19)
        self.text(20, 124, _KILLS, _RED, size=19)
        for at, line in enumerate(_LEGEND):
            self.text(20, _TALL - 86 + 26 * at, line, size=19)
        self.places = {name: _FIRST - _APART * at for at, name in enumerate(supply)}
        self._breaker()
        self._terminal(used)

    def _breaker(self) -> None:
        left = min(self.places.values())
        self.box(left - 20, 182, _FIRST - left + 40, 66)
        self.text(_FIRST + 30, 222, "断路器 QF")
        for name, x in self.places.items():
            self.text(x - 13, 166, name)
            self.wire(f"M{x} 172V190M{x} 240V260")
            self.contact(x, 190)

    def _terminal(self, used: set[str]) -> None:
        self.box(_EDGE, 252, 225, 600)
        self.text(_EDGE + 40, 242, "终端 terminal")
        for name, y in TERMINALS.items():
            colour = _BLACK if name in used else _GREY
            self.body.append(
                f'<circle cx="{_EDGE}" cy="{y}" r="7" fill="#fff" stroke="{colour}"/>'
            )
            self.text(_EDGE + 16, y + 8, name, colour, size=24)
            self.text(_EDGE + 82, y + 7, _FOR.get(name, ""), colour, size=18)

    def text(self, x: int, y: int, words: str, colour: str = _BLACK, size: int = 22) -> None:
        weight = ' font-weight="bold"' if size > 22 else ""
        self.body.append(
            f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{weight}>'
            f"{escape(words)}</text>"
        )

    def box(self, x: int, y: int, wide: int, tall: int, dash: str = "") -> None:
        broken = f' stroke-dasharray="{dash}"' if dash else ""
        self.body.append(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{tall}" rx="6" fill="none" '
            f'stroke="{_BLACK}" stroke-width="2"{broken}/>'
        )

    def wire(self, path: str, colour: str = _RED, dash: str = "") -> None:
        broken = f' stroke-dasharray="{dash}"' if dash else ""
        self.body.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="3"{broken}/>'
        )

    def dot(self, x: int, y: int, colour: str = _RED) -> None:
        self.body.append(f'<circle cx="{x}" cy="{y}" r="7" fill="{colour}"/>')

    def contact(self, x: int, y: int, colour: str = _RED) -> None:
        """A normally open contact in a wire from above to below, 50 tall."""
        self.wire(f"M{x} {y}V{y + 12}M{x - 14} {y + 12}L{x} {y + 38}V{y + 50}", colour)

    def tap(self, supply: str, terminal: str, fuse: str = "") -> None:
        """From a wire of the supply to a terminal, through a fuse if one is named."""
        x, y = self.places[supply], TERMINALS[terminal]
        self.dot(x, y)
        if not fuse:
            self.wire(f"M{x} {y}H{_EDGE - 7}")
            return
        self.wire(f"M{x} {y}H{_FUSE}M{_FUSE} {y}H{_EDGE - 7}")
        self.box(_FUSE, y - 9, 46, 18)
        self.text(_FUSE, y - 15, fuse, _RED, size=20)

    def safe(self, path: str) -> None:
        self.wire(path, _BLUE)

    def transformer(self) -> None:
        """The phase goes through it, nothing is joined."""
        one, two = TERMINALS["J8 1"], TERMINALS["J8 2"]
        middle = (one + two) // 2
        self.body.append(
            f'<ellipse cx="{_FIRST}" cy="{middle}" rx="17" ry="27" fill="none" '
            f'stroke="{_BLUE}" stroke-width="4"/>'
        )
        self.safe(f"M{_FIRST + 6} {one}H{_EDGE - 7}M{_FIRST + 6} {two}H{_EDGE - 7}")
        self.text(_FIRST + 30, middle + 7, "互感器，只套一根相线", _BLUE, size=20)

    def earthed(self, y: int, words: tuple[int, int]) -> None:
        """The machine's case, earthed at its left by a wire that nothing interrupts."""
        self.wire(f"M{_EARTH} 172V{y}H40", _GREEN)
        self.dot(40, y, _GREEN)
        self.text(6, 166, "PE", _GREEN)
        self.text(*words, "外壳接地 ≤ 4 Ω earthed", _GREEN, size=20)

    def done(self) -> str:
        return "\n".join([*self.body, "</svg>"])


def _coil(picture: _Picture, back: str, words: str, fuse: str) -> None:
    """The contactor's coil between J5 2 and a wire of the supply; its link to the contacts."""
    y = TERMINALS["J5 2"]
    picture.tap(back, "J5 2", fuse)
    picture.body.append(
        f'<rect x="{_COIL}" y="{y - 16}" width="60" height="32" fill="#fff" stroke="{_BLACK}" '
        'stroke-width="2"/>'
    )
    picture.text(_COIL + 42, y + 40, "KM 线圈 A1–A2", size=20)
    picture.text(_COIL + 42, y + 66, words, size=20)
    picture.wire(f"M{_COIL + 20} {y + 16}V{TERMINALS['J7 1'] + 27}H{_FIRST + 20}", _BLACK, "5 5")


def _switched(
    title: tuple[str, str], supply: list[str], coil: str, neutral: str = "", box: bool = False
) -> str:
    """The contactor in the mains, its coil switched by the terminal. `neutral`: the wire of the
    supply, if any, that takes the current back and needs no fuse; after phases it is for the
    control alone."""
    used = {"J1 L", "J1 N", "J5 1", "J5 2", "J7 1", "J7 2", "J8 1", "J8 2"}
    picture = _Picture(title, supply, used)
    one, two = TERMINALS["J7 1"], TERMINALS["J7 2"]
    control = neutral if len(supply) > 2 else ""
    main = {name: x for name, x in picture.places.items() if name != control}
    for x in main.values():
        picture.wire(f"M{x} 260V{one + 2}M{x} {one + 52}V880")
        picture.contact(x, one + 2)
    if control:
        picture.wire(f"M{picture.places[control]} 260V{TERMINALS['J5 2']}")
    back = neutral or supply[1]
    picture.tap(supply[0], "J1 L", "FU1")
    picture.tap(back, "J1 N", "" if neutral else "FU3")
    picture.tap(supply[0], "J5 1", "FU2")
    _coil(picture, back, coil, "" if neutral else "FU4")
    left = min(main.values())
    picture.box(left - 20, one - 8, _FIRST - left + 40, 72)
    picture.text(_FIRST + 32, two + 34, "接触器 KM")
    picture.safe(f"M{_EDGE - 7} {one}H400V{one + 2}M400 {one + 52}V{two}H{_EDGE - 7}")
    picture.contact(400, one + 2, _BLUE)
    picture.text(284, one + 22, "辅助常开", _BLUE, size=20)
    picture.text(284, one + 46, "13–14", _BLUE, size=20)
    picture.transformer()
    picture.box(40, 880, 220, 80)
    picture.text(75, 930, "焊机 machine")
    picture.earthed(920, (276, 928))
    if box:
        _boxed(picture)
    return picture.done()


def _boxed(picture: _Picture) -> None:
    """The contactor with its fuses in a box of its own, the coil with its snubber."""
    y = TERMINALS["J5 2"]
    picture.wire(f"M{_COIL - 14} {y}V{y - 28}H{_COIL + 10}M{_COIL + 50} {y - 28}H{_COIL + 74}V{y}")
    for x in (_COIL - 14, _COIL + 74):
        picture.dot(x, y)
    picture.box(_COIL + 10, y - 37, 40, 18)
    picture.text(_COIL + 84, y - 21, "RC", size=20)
    picture.box(44, 258, 412, 492, "10 6")
    picture.text(_FIRST + 30, 876, "虚线：外置接触器箱，一机一只", size=20)
    picture.text(_FIRST + 30, 850, "Dashed: contactor box", size=19)


def _loop(title: tuple[str, str]) -> str:
    """The contact in the machine's own thermal protection; the mains is not touched."""
    picture = _Picture(title, ["L", "N"], set(TERMINALS))
    at = TERMINALS
    for x in picture.places.values():
        picture.wire(f"M{x} 260V880")
    picture.text(_FIRST + 150, 222, "380 V：L1、L2", size=20)
    picture.box(40, 258, 390, 630)
    picture.text(56, 296, "焊机")
    picture.text(56, 320, "machine", size=18)
    picture.text(_FIRST + 14, 324, "焊机开关之前", _RED, size=20)
    picture.text(_FIRST + 14, 878, "去焊机主电路", _RED, size=20)
    picture.tap("L", "J1 L", "FU1")
    picture.tap("N", "J1 N", "FU2")
    picture.text(_FIRST + 14, at["J1 N"] + 30, "220 V：N 不装 FU2", _RED, size=20)
    picture.box(260, at["J6 1"] - 26, 140, 48)
    picture.text(275, at["J6 1"] + 6, "热保护开关")
    picture.box(260, at["J6 2"] - 22, 140, 48)
    picture.text(297, at["J6 2"] + 10, "主控板")
    picture.wire(f"M260 {at['J6 1']}H236V{at['J6 2']}H260", _ORANGE)
    for name in ("J6 1", "J6 2"):
        picture.wire(f"M400 {at[name]}H{_EDGE - 7}", _ORANGE)
    picture.wire(f"M416 {at['J6 1']}V{at['J6 2']}", _GREY, "5 5")
    picture.text(404, at["J6 1"] + 34, "✕", _ORANGE, size=24)
    picture.text(_FIRST + 14, at["J6 2"] + 56, "在 ✕ 处剪断，两头接 J6", _ORANGE, size=20)
    picture.safe(f"M{_EDGE - 7} {at['J5 1']}H446V{at['J7 1']}H{_EDGE - 7}")
    picture.safe(f"M{_EDGE - 7} {at['J5 2']}H462V{at['J7 2']}H{_EDGE - 7}")
    picture.text(_FIRST + 14, at["J7 2"] - 24, "J5 接 J7 作回读，", _BLUE, size=20)
    picture.text(_FIRST + 14, at["J7 2"] + 4, "此接法 J5 不得有市电", _BLUE, size=20)
    picture.transformer()
    picture.earthed(700, (_FIRST + 14, at["J7 2"] + 38))
    return picture.done()


_TITLES = {
    "single-phase": ("单相 220 V：接触器串入火线和零线", "Single phase"),
    "three-phase": ("三相 380 V：接触器串入三根相线", "Three phase"),
    "contactor": (
        "外置接触器箱：线圈 220 V，带熔断器、阻容",
        "Contactor box: 220 V coil, fuses, RC",
    ),
    "thermal-loop": (
        "热保护回路：不动焊机主电路",
        "Thermal protection loop: main circuit untouched",
    ),
}
_PHASES = ["L1", "L2", "L3"]
KINDS: dict[str, Callable[[tuple[str, str]], str]] = {
    "single-phase": lambda title: _switched(title, ["L", "N"], "220 V，≤ 500 VA", "N"),
    "three-phase": lambda title: _switched(title, _PHASES, "380 V，≤ 500 VA"),
    "contactor": lambda title: _switched(title, [*_PHASES, "N"], "220 V", "N", box=True),
    "thermal-loop": _loop,
}


def picture(kind: str) -> str:
    """One wiring picture as SVG; KeyError for an unknown kind."""
    return KINDS[kind](_TITLES[kind])
