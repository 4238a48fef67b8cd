"""A label is read by another reader: straight, blurred, turned, a fifth scraped off."""

import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFilter
from pyzbar import pyzbar

from hardware import label
from hardware.label import Label

_CODE = "9901010ABCDEFG"
_LABEL = Label(_CODE, f"https://hanma.example/m/{_CODE}", "0000-0000000")


def picture(pdf: bytes, page: int = 0, scale: float = 6) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[page].render(scale=scale).to_pil().convert("L")


def read(image: Image.Image) -> list[str]:
    return [found.data.decode() for found in pyzbar.decode(image)]


# Where a fifth of the code is scraped off: left, top, right, bottom in shares of its side. Not
# over one of its three corner marks: without them no reader finds it.
_SCRAPES = {
    "a strip from top to bottom": (0.4, 0, 0.6, 1),
    "the corner below right": (0.55, 0.55, 1, 1),
    "its middle": (0.28, 0.28, 0.72, 0.72),
    "its lower edge": (0.3, 0.7, 1, 0.98),
}


def scraped(image: Image.Image, where: tuple[float, float, float, float]) -> Image.Image:
    side = image.size[0] * 40 / 60
    left, top = (image.size[0] - side) / 2, image.size[0] * 8 / 60
    box = [part * side + (top if number % 2 else left) for number, part in enumerate(where)]
    gone = image.copy()
    ImageDraw.Draw(gone).rectangle(box, fill=255)
    return gone


@pytest.mark.parametrize("level", label.LEVELS)
def test_a_label_opens_the_page_of_its_machine(level: str) -> None:
    assert read(picture(label.single([_LABEL], level))) == [_LABEL.url]


@pytest.mark.parametrize("level", label.LEVELS)
def test_a_blurred_label_is_read(level: str) -> None:
    image = picture(label.single([_LABEL], level))
    assert read(image.filter(ImageFilter.GaussianBlur(4))) == [_LABEL.url]


@pytest.mark.parametrize("level", label.LEVELS)
@pytest.mark.parametrize("degrees", [7, 45, 90, 133, 180])
def test_a_turned_label_is_read(degrees: int, level: str) -> None:
    image = picture(label.single([_LABEL], level))
    assert read(image.rotate(degrees, expand=True, fillcolor=255)) == [_LABEL.url]


@pytest.mark.parametrize("place", _SCRAPES)
def test_a_label_with_a_fifth_scraped_off_turned_and_blurred_is_read(place: str) -> None:
    where = _SCRAPES[place]
    assert (where[2] - where[0]) * (where[3] - where[1]) == pytest.approx(0.2, abs=0.01)
    image = scraped(picture(label.single([_LABEL], "H")), where)
    assert read(image) == [_LABEL.url]
    turned = image.rotate(5, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(2))
    assert read(turned) == [_LABEL.url]


def test_a_sheet_holds_twelve_and_the_next_begins_a_page() -> None:
    many = [Label(f"{n:014}", f"https://hanma.example/m/{n:014}") for n in range(13)]
    pdf = label.sheets(many)
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 2
    assert sorted(read(picture(pdf, 0, 3))) == [one.url for one in many[:12]]
    assert read(picture(pdf, 1, 3)) == [many[12].url]


def test_a_page_is_sixty_millimetres_each_way() -> None:
    with pypdfium2.PdfDocument(label.single([_LABEL])) as document:
        wide, tall = document[0].get_size()
    assert (wide, tall) == (pytest.approx(170.08, abs=0.1), pytest.approx(170.08, abs=0.1))


def test_the_code_is_printed_in_groups() -> None:
    assert label.spaced(_CODE) == "990101 0ABC DEFG"


@pytest.mark.parametrize("hotline", ["000-0000000", "000-00000000 转 000，或 0000000000"])
def test_whom_to_call_is_printed_within_the_label_however_long_it_is(hotline: str) -> None:
    with pypdfium2.PdfDocument(label.single([Label(_CODE, "x", hotline)])) as document:
        text = document[0].get_textpage()
        assert hotline in text.get_text_bounded()
        at = text.get_text_bounded().index("开不了机")
        boxes = [text.get_charbox(at + n) for n in range(len("开不了机、标识破损请拨 " + hotline))]
    assert min(box[0] for box in boxes) > 0 and max(box[2] for box in boxes) < label.SIZE


def test_the_same_labels_make_the_same_file() -> None:
    assert label.sheets([_LABEL]) == label.sheets([_LABEL])
