"""The drawings hold every part and net, and are well-formed pictures."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from hardware import drawing, wiring
from hardware.circuit import OPEN, carrier
from hardware.cli import hardware
from hardware.parts import HERE

_CIRCUIT = carrier()


@pytest.mark.parametrize("name", _CIRCUIT.sheets)
def test_a_sheet_shows_each_of_its_parts_with_its_nets(name: str) -> None:
    root = ElementTree.fromstring(drawing.sheet(_CIRCUIT, name))
    words = {text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")}
    for placed in _CIRCUIT.placed.values():
        if placed.sheet == name:
            assert any(word.startswith(f"{placed.ref}  ") for word in words), placed.ref
            assert set(placed.nets) <= words


def test_the_drawings_that_the_documents_show_are_those_of_the_schematic() -> None:
    drawn = drawing.all_of(_CIRCUIT)
    folder = HERE / "drawings"
    kept = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*.*")
    }
    assert kept == drawn, "hanma hardware draw hardware/drawings"
    for page in ("README.md", "manual.zh-CN.md"):
        for name in re.findall(r"\]\(drawings/(\S+?\.svg)\)", (HERE / page).read_text("utf-8")):
            assert name in drawn


def test_the_manual_begins_with_what_kills_and_who_may_do_it() -> None:
    first, _, rest = (
        (HERE / "manual.zh-CN.md").read_text("utf-8").partition("\n## ")[2].partition("\n## ")
    )
    assert first.startswith("先读这一页：安全") and "市电致命" in first and "持证电工" in first
    assert all(f"wiring-{kind}.svg" in rest for kind in wiring.KINDS)


def test_the_manual_tells_what_is_connected_to_every_pin_of_every_connector() -> None:
    manual = (HERE / "manual.zh-CN.md").read_text("utf-8")
    told = dict(re.findall(r"^\| (J\d+) \| ([\w、]+) \|", manual, re.MULTILINE))
    for ref, placed in _CIRCUIT.placed.items():
        if ref.startswith("J") and ref not in ("J2", "J3", "J4"):  # bench, SIM card, antenna
            pins = [
                pin.name
                for pin, net in zip(placed.part.pins, placed.nets, strict=True)
                if net != OPEN
            ]
            assert told[ref] == "、".join(pins), ref
    assert "| J3、J4 |" in manual


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_every_wiring_picture_begins_with_the_warning(kind: str) -> None:
    root = ElementTree.fromstring(wiring.picture(kind))
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "市电致命" in words[1]


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_every_wiring_picture_earths_the_machine_and_fuses_each_phase_to_the_terminal(
    kind: str,
) -> None:
    root = ElementTree.fromstring(wiring.picture(kind))
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "PE" in words
    fuses = {word for word in words if re.fullmatch(r"FU\d", word)}
    assert fuses == {"FU1", "FU2"} | ({"FU3", "FU4"} if kind == "three-phase" else set())
    assert ("220 V：N 不装 FU2" in words) == (kind == "thermal-loop")  # there N may be L2


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_a_wiring_picture_is_upright_and_its_letters_are_large_enough_for_a_phone(
    kind: str,
) -> None:
    root = ElementTree.fromstring(wiring.picture(kind))
    wide, tall = (float(number) for number in root.get("viewBox", "").split()[2:])
    assert wide < tall and "width" not in root.attrib  # as wide as the page, whatever page
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert float(text.get("font-size", 0)) * 360 / wide >= 9, text.text


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_a_wiring_picture_is_one_of_its_own_and_a_page_may_show_it(kind: str) -> None:
    drawn = [wiring.picture(other) for other in wiring.KINDS]
    assert drawn.count(wiring.picture(kind)) == 1
    assert "<style" not in wiring.picture(kind) and "style=" not in wiring.picture(kind)


def test_the_terminals_of_the_wiring_pictures_are_those_of_the_schematic() -> None:
    for name in wiring.TERMINALS:
        ref, pin = name.split()
        assert _CIRCUIT.placed[ref].net(pin) != OPEN
    read_back = [_CIRCUIT.placed["J7"].net(pin) for pin in "12"]
    assert read_back == ["READBACK_X", "V33_X"]
    assert [_CIRCUIT.placed["J8"].net(pin) for pin in "12"] == ["CT_X", "CT_REF"]


@pytest.mark.parametrize(
    ("value", "words"), [(66500, "66.5k"), (1e-3, "1m"), (18e-12, "18p"), (47, "47"), (0, "")]
)
def test_a_value_is_written_as_on_a_drawing(value: float, words: str) -> None:
    assert drawing.value_words(value) == words


def test_the_command_draws_every_sheet_and_picture(tmp_path: Path) -> None:
    drawn = CliRunner().invoke(hardware, ["draw", str(tmp_path / "drawings")])
    assert drawn.exit_code == 0
    assert len(list((tmp_path / "drawings").glob("*.svg"))) == 11
    assert len(list((tmp_path / "drawings" / "kicad").iterdir())) == 9
