"""Wiring pictures for the electrician: single phase, three phase, contactor, thermal loop."""

from collections.abc import Callable
from html import escape

_STYLE = (
    "text{font:15px 'Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif}"
    ".t{font-size:20px;font-weight:bold}.warn{font-size:16px;font-weight:bold;fill:#b3261e}"
    ".b{fill:#fff;stroke:#222;stroke-width:2}.m{stroke:#b3261e;stroke-width:3;fill:none}"
    ".c{stroke:#1b4f8f;stroke-width:2;fill:none}"
)
_WARNING = (
    "市电致命。只由持证电工接线；先断电、验电、挂牌。Mains kills: licensed electrician only."
)


class _Picture:
    """Boxes with named terminals and wires between them, on one page of 900 × 520."""

    def __init__(self, title: str) -> None:
        self.body = [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 520" width="900" '
            f'height="520" role="img" aria-label="{escape(title)}"><style>{_STYLE}</style>',
            '<rect width="900" height="520" fill="#fff"/>',
        ]
        self.text(30, 40, title, "t")
        self.text(30, 70, f"⚠ {_WARNING}", "warn")

    def text(self, x: int, y: int, words: str, css: str = "") -> None:
        self.body.append(f'<text x="{x}" y="{y}" class="{css}">{escape(words)}</text>')

    def box(self, x: int, y: int, wide: int, tall: int, words: str) -> None:
        self.body.append(
            f'<rect class="b" x="{x}" y="{y}" width="{wide}" height="{tall}" rx="6"/>'
        )
        self.text(x + 10, y + 24, words)

    def wire(self, path: str, css: str = "m") -> None:
        self.body.append(f'<path class="{css}" d="{path}"/>')

    def done(self) -> str:
        return "\n".join([*self.body, "</svg>"])


def _phases(picture: _Picture, count: int) -> list[int]:
    """The supply's wires through breaker and contactor to the machine; their heights."""
    names = ["L", "N"] if count == 1 else ["L1", "L2", "L3"]
    heights = [130 + 34 * number for number in range(len(names))]
    picture.box(120, 100, 110, 40 + 34 * len(names), "断路器 QF")
    picture.box(400, 100, 130, 40 + 34 * len(names), "接触器 KM")
    picture.box(710, 100, 160, 40 + 34 * len(names), "焊机 machine")
    for name, y in zip(names, heights, strict=True):
        picture.text(40, y + 5, name)
        picture.wire(f"M70 {y}H120M230 {y}H400M530 {y}H710")
    return heights


def _terminal(picture: _Picture, second: str) -> None:
    picture.box(250, 330, 330, 150, "")
    picture.text(260, 465, "终端 terminal")
    for x, words in ((270, "J1 L"), (330, "J1 N"), (400, "J5 1"), (450, "J5 2"), (510, second)):
        picture.text(x, 380, words)


def _switched(title: str, count: int) -> str:
    """The contactor in the mains line, its coil switched by the terminal."""
    picture = _Picture(title)
    heights = _phases(picture, count)
    first, last = heights[0], heights[1]
    _terminal(picture, "J7 1-2")
    picture.wire(f"M285 {first}V365M345 {last}V365")
    picture.text(560, 262, "线圈 coil A1 A2" + (" 220 V" if count == 1 else " 380 V"))
    bottom = heights[-1] + 40 - 20
    picture.wire(f"M380 {first}V300H415V365M465 365V315H440V{bottom}M500 {bottom}V290H360V{last}")
    picture.text(560, 310, "辅助常开触点 auxiliary contact")
    picture.wire(f"M525 365V{bottom}M540 365V{bottom}", "c")
    picture.box(760, 330, 120, 60, "互感器 CT")
    picture.text(600, 420, "J8 1-2，套一根相线 around one phase")
    picture.wire(f"M580 360H760M820 330V290H704V{first}", "c")
    return picture.done()


def _loop(title: str) -> str:
    """The contact in the machine's own thermal protection; the mains is not touched."""
    picture = _Picture(title)
    picture.box(120, 110, 640, 130, "焊机内部 inside the machine")
    picture.box(150, 160, 190, 50, "热保护开关 thermostat")
    picture.box(540, 160, 190, 50, "主控板 its own board")
    picture.wire("M340 190H420", "c")
    picture.wire("M470 190H540", "c")
    _terminal(picture, "J6 1-2")
    picture.wire("M420 190V300H515V365M470 190V270H540V365", "c")
    picture.text(560, 290, "断开原线，串入 J6 cut the wire, put J6 in series")
    picture.wire("M285 365V300H60M345 365V315H60")
    picture.text(60, 335, "L N（220/380 V）")
    return picture.done()


KINDS: dict[str, Callable[[str], str]] = {
    "single-phase": lambda title: _switched(title, 1),
    "three-phase": lambda title: _switched(title, 3),
    "contactor": lambda title: _switched(title, 3),
    "thermal-loop": _loop,
}
_TITLES = {
    "single-phase": "单相 220 V：接触器串入火线和零线 Single phase",
    "three-phase": "三相 380 V：接触器串入三根相线 Three phase",
    "contactor": "大功率焊机：外置接触器，线圈由终端控制 Large machine: outside contactor",
    "thermal-loop": "热保护回路：不动市电 Thermal protection loop: the mains is not touched",
}


def picture(kind: str) -> str:
    """One wiring picture as SVG; KeyError for an unknown kind."""
    return KINDS[kind](_TITLES[kind])
