"""A label is read by another reader: straight, blurred, turned, a fifth scraped off."""

import random
from collections.abc import Callable

import pypdfium2
import pypdfium2.raw as raw_pdf
import pytest
from PIL import Image, ImageDraw, ImageFilter
from pyzbar import pyzbar
from reportlab.lib.units import mm

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


def scraped(image: Image.Image, where: tuple[float, ...]) -> Image.Image:
    side = image.size[0] * 40 / 60
    left, top = (image.size[0] - side) / 2, image.size[0] * 8 / 60
    box = [part * side + (top if number % 2 else left) for number, part in enumerate(where)]
    gone = image.copy()
    ImageDraw.Draw(gone).rectangle(box, fill=255)
    return gone


@pytest.fixture(scope="module")
def printed() -> Image.Image:
    return picture(label.single([_LABEL]))


def test_a_label_opens_the_page_of_its_machine(printed: Image.Image) -> None:
    assert read(printed) == [_LABEL.url]


def test_an_address_too_long_for_the_usual_code_is_printed_smaller_and_read() -> None:
    long = Label(_CODE, f"https://{'a' * 60}.example/{'b' * 80}/m/{_CODE}")
    assert read(picture(label.single([long]))) == [long.url]


def test_a_blurred_label_is_read(printed: Image.Image) -> None:
    assert read(printed.filter(ImageFilter.GaussianBlur(4))) == [_LABEL.url]


@pytest.mark.parametrize("degrees", [7, 45, 90, 133, 180])
def test_a_turned_label_is_read(degrees: int, printed: Image.Image) -> None:
    assert read(printed.rotate(degrees, expand=True, fillcolor=255)) == [_LABEL.url]


def worn(image: Image.Image, where: tuple[float, ...]) -> Image.Image:
    """Scraped, turned and blurred."""
    assert (where[2] - where[0]) * (where[3] - where[1]) == pytest.approx(0.2, abs=0.01)
    turned = scraped(image, where).rotate(5, expand=True, fillcolor=255)
    return turned.filter(ImageFilter.GaussianBlur(2))


@pytest.mark.parametrize("place", _SCRAPES)
def test_a_label_with_a_fifth_scraped_off_turned_and_blurred_is_read(
    place: str, printed: Image.Image
) -> None:
    assert read(worn(printed, _SCRAPES[place])) == [_LABEL.url]


@pytest.mark.parametrize("seed", range(12))
def test_it_is_read_wherever_the_fifth_is_scraped_off_beside_the_corner_marks(
    seed: int, printed: Image.Image
) -> None:
    rng, side = random.Random(seed), 0.2**0.5
    while True:
        left, top = rng.uniform(0, 1 - side), rng.uniform(0, 1 - side)
        marks = ((left < 0.13, top < 0.13), (left + side > 0.87, top < 0.13))
        if not any(map(all, (*marks, (left < 0.13, top + side > 0.87)))):
            break
    assert read(worn(printed, (left, top, left + side, top + side))) == [_LABEL.url]


_MARK = 7 / 57  # of the code's side
_MARKS = {"above left": (0, 0), "above right": (1 - _MARK, 0), "below left": (0, 1 - _MARK)}


@pytest.mark.parametrize("mark", _MARKS)
def test_without_one_of_its_corner_marks_no_reader_finds_it(
    mark: str, printed: Image.Image
) -> None:
    """That is what the code in clear and the telephone are for: hardware/manual.zh-CN.md."""
    left, top = _MARKS[mark]
    assert read(scraped(printed, (left, top, left + _MARK, top + _MARK))) == []


@pytest.mark.parametrize(("shade", "readable"), [(128, True), (0, False)])
def test_a_margin_that_is_dirty_all_round_is_borne_until_it_is_as_dark_as_the_print(
    shade: int, readable: bool, printed: Image.Image
) -> None:
    dirty = printed.copy()
    unit = printed.size[0] / 60
    left, top, side, wide = 10 * unit, 8 * unit, 40 * unit, 2 * unit
    draw = ImageDraw.Draw(dirty)
    for box in (
        (left - wide, top - wide, left + side + wide, top - 1),
        (left - wide, top + side + 1, left + side + wide, top + side + wide),
        (left - wide, top - wide, left - 1, top + side + wide),
        (left + side + 1, top - wide, left + side + wide, top + side + wide),
    ):
        draw.rectangle(box, fill=shade)
    assert (read(dirty) == [_LABEL.url]) == readable


def test_what_takes_the_square_leaves_the_code_in_clear_and_the_telephone() -> None:
    with pypdfium2.PdfDocument(label.single([_LABEL])) as document:
        text = document[0].get_textpage()
        words = text.get_text_bounded()
        for part in (label.spaced(_CODE), _LABEL.hotline):
            at = words.index(part)
            tops = [text.get_charbox(at + n)[3] for n in range(len(part))]
            assert max(tops) < 12 * mm  # the square begins there


def test_a_sheet_holds_twelve_and_the_next_begins_a_page() -> None:
    many = [Label(f"{n:014}", f"https://hanma.example/m/{n:014}") for n in range(13)]
    pdf = label.sheets(many)
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 2
    assert sorted(read(picture(pdf, 0, 4))) == [one.url for one in many[:12]]
    assert read(picture(pdf, 1, 4)) == [many[12].url]


def test_a_page_is_sixty_millimetres_each_way() -> None:
    with pypdfium2.PdfDocument(label.single([_LABEL])) as document:
        wide, tall = document[0].get_size()
    assert (wide, tall) == (pytest.approx(170.08, abs=0.1), pytest.approx(170.08, abs=0.1))


@pytest.mark.parametrize("many", [label.single, label.sheets])
def test_the_frame_to_cut_along_is_sixty_millimetres_each_way(many: Callable) -> None:
    with pypdfium2.PdfDocument(many([_LABEL, _LABEL])) as document:
        paths = document[0].get_objects(filter=[raw_pdf.FPDF_PAGEOBJ_PATH])
        boxes = [path.get_bounds() for path in paths]
        frames = [(r - x, t - y) for x, y, r, t in boxes if r - x > 50 * mm]
    assert len(frames) == (1 if many is label.single else 2)
    for wide, tall in frames:
        assert (wide, tall) == (pytest.approx(60 * mm, abs=1), pytest.approx(60 * mm, abs=1))


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
