"""Our own style and script: small, and legible in both lights."""

import re
from pathlib import Path

import pytest

import cloud.web

STATIC = Path(cloud.web.__file__).parent / "static"
STYLE = (STATIC / "hanma.css").read_text("utf-8")
AA = 4.5
PAIRS = [
    *(("ink", "paper"), ("ink", "card"), ("dim", "paper"), ("dim", "card")),
    *(("link", "paper"), ("link", "card"), ("inverse", "ink"), ("ink", "refused")),
    *(("refused-ink", "refused"), ("refused-ink", "card"), ("link", "refused")),
]


def colours(dark):
    """name -> #rrggbb of one light."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.S)
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0]))
    return found | (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[1])) if dark else {})


def luminance(colour):
    """WCAG relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_has_the_contrast_of_wcag_aa(dark, ink, ground):
    known = colours(dark)
    assert contrast(known[ink], known[ground]) >= AA


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_white_words_are_legible_on_the_green_and_the_red_button(dark):
    known = colours(dark)
    assert contrast("#ffffff", known["on"]) >= AA
    assert contrast("#ffffff", known["off"]) >= AA


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_edges_of_fields_can_be_seen(dark):
    known = colours(dark)
    assert contrast(known["edge"], known["card"]) >= 3


def test_style_and_script_stay_small():
    assert (STATIC / "hanma.css").stat().st_size <= 15_000
    assert (STATIC / "hanma.js").stat().st_size <= 12_000


def test_style_and_script_name_no_other_host():
    for file in (one for one in STATIC.iterdir() if one.is_file()):
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in re.sub(r"^\s*//.*|\s// .*", "", text, flags=re.M).replace("://", "")
        assert "http" not in text


def test_files_are_named_by_what_is_in_them(client):
    text = client.get("/login").text
    address = re.search(r'href="(/static/hanma\.css\?v=[0-9a-f]{12})"', text)[1]
    assert client.get(address, buffered=True).status_code == 200
