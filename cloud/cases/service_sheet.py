"""The finished record on paper: one PDF, in Chinese with English beside. Values in, bytes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image as Pictures
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

_FONT = "STSong-Light"  # as on the labels: every PDF reader with Chinese knows it
_SIDE = 1000  # points of a picture's longer side: enough on paper, small in the file
_MARGIN = 18 * mm


@dataclass(frozen=True)
class Signed:
    """A signature: whose, when, and the drawing (JPEG), None where the name was typed."""

    words: str
    name: str
    at: str
    drawn: bytes | None


@dataclass(frozen=True)
class Sheet:
    """All that stands on it. `facts` = (label, value); `pictures` = (label, JPEG)."""

    title: str
    number: str
    facts: Sequence[tuple[str, str]]
    clauses: Sequence[str]
    pictures: Sequence[tuple[str, bytes]]
    signatures: Sequence[Signed]
    foot: str


def draw(sheet: Sheet) -> bytes:
    """The PDF; the same sheet gives the same bytes."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        invariant=1,
        title=f"HanMa {sheet.number}",
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
    )
    parts: list[Flowable] = [
        Paragraph(escape(sheet.title), _style(17, leading=24)),
        Paragraph(escape(sheet.number), _style(9, color="#555555")),
        Spacer(0, 4 * mm),
        _facts(sheet.facts),
    ]
    if sheet.clauses:
        parts += [Spacer(0, 4 * mm), Paragraph("安装同意书 Agreement", _style(12))]
        parts += [
            Paragraph(f"{number}. {escape(one)}", _style(9.5))
            for number, one in enumerate(sheet.clauses, 1)
        ]
    parts += [Spacer(0, 4 * mm), *(_signature(one) for one in sheet.signatures)]
    if sheet.pictures:
        parts += [Spacer(0, 4 * mm), _pictures(sheet.pictures)]
    parts += [Spacer(0, 4 * mm), Paragraph(escape(sheet.foot), _style(8, color="#555555"))]
    document.build(parts)
    return file.getvalue()


def _style(size: float, leading: float = 0, color: str = "#000000") -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{color}",
        fontName=_FONT,
        fontSize=size,
        leading=leading or size * 1.5,
        textColor=color,
        wordWrap="CJK",
    )


def _facts(facts: Sequence[tuple[str, str]]) -> Table:
    plain = _style(10)
    rows = [[Paragraph(escape(a), plain), Paragraph(escape(b), plain)] for a, b in facts]
    table = Table(rows, colWidths=[52 * mm, 122 * mm])
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.3, "#999999"), _TOP]))
    return table


def _signature(one: Signed) -> Flowable:
    said = f"{one.words}：{one.name}　{one.at}"
    parts: list[Flowable] = [Paragraph(escape(said), _style(10))]
    if one.drawn is None:
        parts.append(Paragraph("（键入姓名代替签名 typed in place of a signature）", _style(9)))
    else:
        parts.append(_image(one.drawn, 70 * mm, 28 * mm))
    return KeepTogether(parts)


def _pictures(pictures: Sequence[tuple[str, bytes]]) -> Table:
    cells = [
        [_image(data, 82 * mm, 62 * mm), Paragraph(escape(words), _style(9))]
        for words, data in pictures
    ]
    rows = [cells[at : at + 2] for at in range(0, len(cells), 2)]
    if len(rows[-1]) == 1:
        rows[-1] = [*rows[-1], [Spacer(0, 0)]]
    table = Table(rows, colWidths=[87 * mm, 87 * mm])
    table.setStyle(TableStyle([_TOP]))
    return table


def _image(data: bytes, wide: float, tall: float) -> Image:
    """A picture no larger than so, in its own shape."""
    with Pictures.open(BytesIO(data), formats=["JPEG"]) as one:
        one.draft("RGB", (_SIDE, _SIDE))
        shown = one.convert("RGB")
    shown.thumbnail((_SIDE, _SIDE))
    made = BytesIO()
    shown.save(made, "JPEG", quality=75)
    part = min(wide / shown.width, tall / shown.height)
    image = Image(made, shown.width * part, shown.height * part)
    image.hAlign = "LEFT"
    return image


_TOP = ("VALIGN", (0, 0), (-1, -1), "TOP")
