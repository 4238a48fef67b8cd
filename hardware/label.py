"""The label on a machine: 60 × 60 mm, its QR code, the code in clear and whom to call.

Printed on weatherproof polyester or engraved. A scratched, greasy label still opens the machine
(CQ art. 11): of the two levels that were asked for, H repairs 30 % of the code words; Q with its
25 % is not read any more when a fifth of it is scraped off, so it is not offered. A code of more
modules loses less at the edge of a scrape, and more of its area are code words. Without one of
its three corner marks, or with a margin as dark as the print, no reader finds it: then the code in
clear is typed in, or the hotline called.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

SIZE = 60 * mm
_FONT = "STSong-Light"  # a font that every PDF reader with Chinese knows; nothing is embedded
_ACROSS, _DOWN = 3, 4  # labels on an A4 sheet
_QR, _WIDE = 40 * mm, 56 * mm
# Said by whatever prints one without a telephone.
NO_PHONE = (
    "标签上没有服务电话：平台没有设 HANMA_HOTLINE。 "
    "No telephone on the label: HANMA_HOTLINE is not set."
)
_VERSION = 10  # at least: 57 modules of 0.7 mm


@dataclass(frozen=True)
class Label:
    """code: the machine's, 14 signs; url: what the camera opens; hotline: whom to call."""

    code: str
    url: str
    hotline: str = ""
    title: str = "电焊机 · 扫码作业 · 持证上岗"


_KINDS = {"contactor": "接触器终端", "thermal": "温控回路终端"}


def of_terminal(device: str, hotline: str = "", kind: str = "") -> Label:
    """The terminal's own: its id, which a technician's phone reads when it is fitted, and which
    wiring it is flashed for (`contactor`, `thermal`, "" = not known)."""
    return Label(device, device, hotline, title=f"{_KINDS.get(kind, '智能终端')} · 安装时扫码")


def spaced(code: str) -> str:
    """`5001060ABCDEF7` → `500106 0ABC DEF7`: as it is read aloud."""
    return f"{code[:6]} {code[6:10]} {code[10:]}"


def _matrix(url: str) -> list[bytearray]:
    code = segno.make(url, error="H", boost_error=False, micro=False)
    if int(code.version) < _VERSION:
        code = segno.make(url, error="H", version=_VERSION, boost_error=False)
    return list(code.matrix)


def _draw(canvas: Canvas, label: Label, x: float, y: float) -> None:
    """One label with its lower left corner at (x, y), points."""
    canvas.setLineWidth(0.3)
    canvas.roundRect(x, y, SIZE, SIZE, 2 * mm)
    middle = x + SIZE / 2
    canvas.setFont(_FONT, 11)
    canvas.drawCentredString(middle, y + 54 * mm, label.title)
    rows = _matrix(label.url)
    dot = _QR / len(rows)
    left, top = middle - _QR / 2, y + 52 * mm
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:  # a hair wider than its place: no white seams between modules
                at = left + across * dot, top - (down + 1) * dot
                canvas.rect(*at, dot * 1.02, dot * 1.02, stroke=0, fill=1)
    canvas.setFont("Courier-Bold", 13)
    canvas.drawCentredString(middle, y + 7 * mm, spaced(label.code))
    if label.hotline:
        words = f"开不了机、标识破损请拨 {label.hotline}"
        canvas.setFont(_FONT, min(8.0, 8 * _WIDE / canvas.stringWidth(words, _FONT, 8)))
        canvas.drawCentredString(middle, y + 3 * mm, words)


def _canvas(size: tuple[float, float]) -> tuple[Canvas, BytesIO]:
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=True)
    canvas.setTitle("HanMa")
    return canvas, file


def single(labels: Sequence[Label]) -> bytes:
    """A PDF with one page of 60 × 60 mm a label."""
    canvas, file = _canvas((SIZE, SIZE))
    for label in labels:
        _draw(canvas, label, 0, 0)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def sheets(labels: Sequence[Label]) -> bytes:
    """A PDF of A4 sheets, three labels across and four down."""
    canvas, file = _canvas(A4)
    wide, tall = A4
    for number, label in enumerate(labels):
        place = number % (_ACROSS * _DOWN)
        if number and not place:
            canvas.showPage()
        across, down = place % _ACROSS, place // _ACROSS
        x = (wide - _ACROSS * SIZE) / 2 + across * SIZE
        y = tall - 20 * mm - (down + 1) * SIZE
        _draw(canvas, label, x, y)
    canvas.showPage()
    canvas.save()
    return file.getvalue()
