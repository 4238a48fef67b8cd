"""The drawings hold every part and net, and are well-formed pictures."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from hardware import drawing, wiring
from hardware.circuit import carrier
from hardware.cli import hardware

_CIRCUIT = carrier()


@pytest.mark.parametrize("name", _CIRCUIT.sheets)
def test_a_sheet_shows_each_of_its_parts_with_its_nets(name: str) -> None:
    root = ElementTree.fromstring(drawing.sheet(_CIRCUIT, name))
    words = {text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")}
    for placed in _CIRCUIT.placed.values():
        if placed.sheet == name:
            assert any(word.startswith(f"{placed.ref}  ") for word in words), placed.ref
            assert set(placed.nets) <= words


def test_the_netlist_for_kicad_is_balanced_and_whole() -> None:
    text = drawing.kicad(_CIRCUIT)
    assert text.count("(") == text.count(")")
    assert text.count("(comp ") == len(_CIRCUIT.placed)
    assert text.count("(net ") == len(_CIRCUIT.nets)


@pytest.mark.parametrize("kind", wiring.KINDS)
def test_every_wiring_picture_begins_with_the_warning(kind: str) -> None:
    root = ElementTree.fromstring(wiring.picture(kind))
    words = [text.text or "" for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "市电致命" in words[1]


@pytest.mark.parametrize(
    ("value", "words"), [(66500, "66.5k"), (1e-3, "1m"), (18e-12, "18p"), (47, "47"), (0, "")]
)
def test_a_value_is_written_as_on_a_drawing(value: float, words: str) -> None:
    assert drawing.value_words(value) == words


def test_the_commands_draw_and_check(tmp_path: Path) -> None:
    drawn = CliRunner().invoke(hardware, ["draw", str(tmp_path / "drawings")])
    assert drawn.exit_code == 0
    assert len(list((tmp_path / "drawings").iterdir())) == 12
    checked = CliRunner().invoke(hardware, ["check"])
    told = json.loads(checked.output.splitlines()[-1])
    assert checked.exit_code == 0 and told["ok"] and told["smallest_margin"] >= 1
