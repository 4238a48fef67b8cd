"""Wiring pictures for the electrician: single phase, three phase, contactor box, thermal loop.

Wires are joined only where there is a dot. No style element: a page's content policy allows none.
"""

from collections.abc import Callable
from html import escape

_WIDE, _TALL = 1000, 640
_FONT = "Noto Sans CJK SC, WenQuanYi Micro Hei, sans-serif"
_RED, _BLUE, _ORANGE, _BLACK = "#b3261e", "#1b4f8f", "#b26a00", "#222"
_GREEN = "#2e7d32"
_WARNING = (
    "市电致命。只由持证电工接线；先断电、验电、挂牌。Mains kills: licensed electrician only."
)
_LEGEND = (
    "红 = 市电 red: mains　橙 = 热保护回路 orange: thermal loop　蓝 = 安全侧 blue: safe side　"
    "绿 = 保护接地 green: protective earth　● 相连，交叉无点不相连 joined only at a dot"
)
_FIRST, _APART = 130, 34  # the supply's first wire, and the next one
_EDGE = 460  # the terminal's upper edge
# Where its connectors stand along that edge; the names are the schematic's.
TERMINALS = {
    **{"J1 L": 260, "J1 N": 300, "J5 1": 360, "J5 2": 420, "J6 1": 490, "J6 2": 530},
    **{"J7 1": 600, "J7 2": 640, "J8 1": 720, "J8 2": 760},
}


class _Picture:
    """Boxes with named terminals and wires between them, on one page."""

    def __init__(self, title: str, used: tuple[str, ...]) -> None:
        self.body = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_TALL}" '
            f'width="{_WIDE}" height="{_TALL}" role="img" aria-label="{escape(title)}" '
            f'font-family="{_FONT}" font-size="15">',
            f'<rect width="{_WIDE}" height="{_TALL}" fill="#fff"/>',
        ]
        self.text(30, 40, title, size=20)
        self.text(30, 70, f"⚠ {_WARNING}", _RED, size=16)
        self.text(30, _TALL - 20, _LEGEND, size=12)
        self.box(220, _EDGE, 610, 100)
        self.text(235, _EDGE + 85, "终端 terminal")
        for name, x in TERMINALS.items():
            colour = _BLACK if name in used else "#999"
            self.body.append(
                f'<circle cx="{x}" cy="{_EDGE}" r="5" fill="#fff" stroke="{colour}"/>'
            )
            self.text(x - 14, _EDGE + 28, name, colour, size=13)

    def text(self, x: int, y: int, words: str, colour: str = _BLACK, size: int = 15) -> None:
        weight = ' font-weight="bold"' if size > 15 else ""
        self.body.append(
            f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{weight}>'
            f"{escape(words)}</text>"
        )

    def box(self, x: int, y: int, wide: int, tall: int, words: str = "", dash: str = "") -> None:
        broken = f' stroke-dasharray="{dash}"' if dash else ""
        self.body.append(
            f'<rect x="{x}" y="{y}" width="{wide}" height="{tall}" rx="6" fill="none" '
            f'stroke="{_BLACK}" stroke-width="2"{broken}/>'
        )
        self.text(x + 8, y - 8, words)

    def wire(self, path: str, colour: str = _RED, dash: str = "") -> None:
        broken = f' stroke-dasharray="{dash}"' if dash else ""
        self.body.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{broken}/>'
        )

    def dot(self, x: int, y: int, colour: str = _RED) -> None:
        self.body.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>')

    def contact(self, x: int, y: int, colour: str = _RED) -> None:
        """A normally open contact in a wire from the left to the right, 40 wide."""
        self.wire(f"M{x} {y}H{x + 8}L{x + 32} {y - 12}M{x + 32} {y}H{x + 40}", colour)

    def fuse(self, x: int, y: int, words: str) -> None:
        """In a wire from above to below."""
        self.box(x - 7, y, 14, 30)
        self.text(x - 7 - 8 * len(words), y + 21, words, size=13)

    def earth(self, x: int, y: int) -> None:
        """The machine's case at (x, y), earthed by a wire of its own that nothing interrupts."""
        self.wire(f"M75 445H{x}V{y}", _GREEN)
        self.dot(x, y, _GREEN)
        self.text(40, 450, "PE", _GREEN)
        self.text(840, 470, "外壳接地 ≤ 4 Ω earthed", _GREEN, 13)

    def done(self) -> str:
        return "\n".join([*self.body, "</svg>"])


def _supply(picture: _Picture, names: list[str]) -> dict[str, int]:
    """The supply's wires through breaker and contactor to the machine; their heights. A neutral
    that stands after the phases is for the control alone."""
    heights = {name: _FIRST + _APART * at for at, name in enumerate(names)}
    control = names[-1] if len(names) == 4 else ""
    tall = _APART * (len(names) - bool(control)) + 6
    picture.box(110, 110, 90, _APART * len(names) + 6, "断路器 QF")
    picture.box(470, 110, 130, tall, "接触器 KM")
    picture.box(840, 110, 130, tall, "焊机 machine")
    for name, y in heights.items():
        picture.text(40, y + 5, name)
        picture.wire(f"M75 {y}H135")
        picture.contact(135, y)
        picture.wire(f"M175 {y}H{420 if name == control else 515}")
        if name != control:
            picture.contact(515, y)
            picture.wire(f"M555 {y}H840")
    return heights


def _switched(title: str, names: list[str], coil: str, box: bool = False) -> str:
    """The contactor in the mains line, its coil switched by the terminal."""
    used = ("J1 L", "J1 N", "J5 1", "J5 2", "J7 1", "J7 2", "J8 1", "J8 2")
    picture = _Picture(title, used)
    heights = _supply(picture, names)
    first = heights[names[0]]
    back = heights[names[-1] if len(names) == 4 else names[1]]
    at = TERMINALS
    for name, y in (("J1 L", first), ("J1 N", back), ("J5 1", first)):
        picture.dot(at[name], y)
        picture.wire(f"M{at[name]} {y}V{_EDGE - 5}")
    picture.fuse(at["J1 L"], 250, "F1")
    picture.fuse(at["J5 1"], 250, "F2")
    if back == heights.get("L2"):  # no neutral: a fuse in each phase
        picture.fuse(at["J1 N"], 250, "F3")
        picture.fuse(at["J5 2"], 250, "F4")
    picture.text(235, _EDGE + 58, f"{'F1–F4' if len(names) == 3 else 'F1、F2'} 2 A", _RED, 13)
    picture.earth(950, 110 + _APART * (len(names) - (len(names) == 4)) + 6)
    middle = at["J5 2"]
    picture.dot(middle, back)
    picture.wire(f"M{middle} {back}V310M{middle} 360V{_EDGE - 5}")
    picture.box(middle - 18, 310, 36, 50)
    picture.text(middle + 26, 357, "KM 线圈 coil")
    picture.text(middle + 26, 376, f"A1–A2，{coil}")
    picture.wire(f"M{middle + 18} 335H535V{first - 6}", _BLACK, "4 4")
    one, two = at["J7 1"], at["J7 2"]
    picture.wire(f"M{one} 395V{_EDGE - 5}M{two} 395V{_EDGE - 5}", _BLUE)
    picture.contact(one, 395, _BLUE)
    picture.text(one - 112, 404, "KM 辅助常开", _BLUE, 13)
    picture.text(one - 112, 421, "13–14 auxiliary", _BLUE, 13)
    _transformer(picture, first)
    if box:
        picture.box(226, 84, 439, 350, "", "8 5")
        picture.text(775, 290, "虚线：外置接触器箱，")
        picture.text(775, 310, "一机一只")
        picture.text(775, 330, "dashed: contactor box")
        picture.wire(f"M{middle} 295H385V375H{middle}")
        picture.dot(middle, 295)
        picture.dot(middle, 375)
        picture.box(379, 318, 12, 34)
        picture.text(366, 395, "RC", size=13)
    return picture.done()


def _transformer(picture: _Picture, y: int) -> None:
    """The current transformer: the phase goes through it, nothing is joined."""
    one, two = TERMINALS["J8 1"], TERMINALS["J8 2"]
    middle = (one + two) // 2
    picture.body.append(
        f'<ellipse cx="{middle}" cy="{y}" rx="26" ry="14" fill="none" stroke="{_BLUE}" '
        'stroke-width="3"/>'
    )
    picture.wire(f"M{one} {y + 9}V{_EDGE - 5}M{two} {y + 9}V{_EDGE - 5}", _BLUE)
    picture.text(one - 46, y - 22, "互感器 CT，只套一根相线", _BLUE, 13)


def _loop(title: str) -> str:
    """The contact in the machine's own thermal protection; the mains is not touched."""
    used = ("J1 L", "J1 N", "J5 1", "J5 2", "J6 1", "J6 2", "J7 1", "J7 2", "J8 1", "J8 2")
    picture = _Picture(title, used)
    at = TERMINALS
    picture.box(230, 112, 620, 178, "焊机 machine")
    picture.box(330, 200, 150, 50)
    picture.text(342, 230, "热保护开关")
    picture.box(560, 200, 120, 50)
    picture.text(572, 230, "主控板 board")
    picture.wire(f"M480 225H{at['J6 1']}V{_EDGE - 5}M560 225H{at['J6 2']}V{_EDGE - 5}", _ORANGE)
    picture.wire(f"M{at['J6 1']} 225H{at['J6 2']}", "#999", "4 4")
    picture.text(502, 231, "✕", _ORANGE)
    picture.text(545, 275, "在 ✕ 处剪断，两头接 J6", _ORANGE, 13)
    for name, y in (("J1 L", 150), ("J1 N", 180)):
        picture.wire(f"M60 {y}H850M{at[name]} {y}V{_EDGE - 5}")
        picture.dot(at[name], y)
        picture.text(30, y + 5, name[-1])
    picture.text(60, 330, "焊机进线 220 V（L、N）", _RED, 13)
    picture.text(60, 350, "或 380 V（L1、L2）", _RED, 13)
    one, two = at["J7 1"], at["J7 2"]
    picture.wire(f"M{at['J5 1']} {_EDGE - 5}V400H{one}V{_EDGE - 5}", _BLUE)
    picture.wire(f"M{at['J5 2']} {_EDGE - 5}V420H{two}V{_EDGE - 5}", _BLUE)
    words = "此接法 J5 接 J7 作回读，J5 不得有市电 J5 to J7 reads back: no mains at J5"
    picture.text(235, _EDGE + 58, words, _BLUE, 13)
    picture.fuse(at["J1 L"], 330, "F1")
    picture.fuse(at["J1 N"], 365, "F2")
    picture.text(60, 370, "F1、F2 各 2 A", _RED, 13)
    picture.earth(800, 290)
    _transformer(picture, 150)
    return picture.done()


_TITLES = {
    "single-phase": "单相 220 V：接触器串入火线和零线 Single phase",
    "three-phase": "三相 380 V：接触器串入三根相线 Three phase",
    "contactor": "外置接触器箱：线圈 220 V，带熔断器和阻容 Contactor box: 220 V coil, fuse, RC",
    "thermal-loop": "热保护回路：不动市电 Thermal protection loop: the mains is not touched",
}
KINDS: dict[str, Callable[[str], str]] = {
    "single-phase": lambda title: _switched(title, ["L", "N"], "220 V"),
    "three-phase": lambda title: _switched(title, ["L1", "L2", "L3"], "380 V，≤ 500 VA"),
    "contactor": lambda title: _switched(title, ["L1", "L2", "L3", "N"], "220 V", box=True),
    "thermal-loop": _loop,
}


def picture(kind: str) -> str:
    """One wiring picture as SVG; KeyError for an unknown kind."""
    return KINDS[kind](_TITLES[kind])
