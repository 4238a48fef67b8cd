"""Programs of other houses read the netlist and the schematic as they are meant."""

import math
import shutil
import subprocess
import warnings
from collections import defaultdict
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from kinparse import parse_netlist
from kiutils.footprint import Footprint
from kiutils.schematic import Schematic
from kiutils.utils import sexpr

from hardware import footprints, netlist, schematic
from hardware.circuit import OPEN, Placed, carrier
from hardware.parts import read

_CIRCUIT = carrier()


def meant(placed: list[Placed]) -> dict[str, set[tuple[str, str]]]:
    """Net → (reference, pad), straight from the circuit."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in placed:
        for pin, net in zip(one.part.pins, one.nets, strict=True):
            if net != OPEN:
                found[net] |= {(one.ref, pad) for pad in pin.pads}
    return found


_SHEET = replace(
    _CIRCUIT, placed={ref: one for ref, one in _CIRCUIT.placed.items() if one.sheet == "holdup"}
)


@pytest.fixture(scope="module")
def of_sheet() -> Any:
    """One sheet's netlist as kinparse understands it, which takes seconds for all of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the reader's own library
        return parse_netlist(netlist.text(_SHEET))


def test_a_reader_of_netlists_sees_every_part_with_its_number_and_footprint(of_sheet: Any) -> None:
    seen = {part.ref: (part.value, part.footprint, part.name) for part in of_sheet.parts}
    assert seen == {
        ref: (one.part.number, one.part.footprint, one.part.name)
        for ref, one in _SHEET.placed.items()
    }


def test_a_reader_of_netlists_sees_every_net_with_the_pads_that_it_joins(of_sheet: Any) -> None:
    seen = {net.name: {(pin.ref, pin.num) for pin in net.pins} for net in of_sheet.nets}
    joined = {name: pads for name, pads in seen.items() if not name.startswith("unconnected-")}
    assert joined == meant(list(_SHEET.placed.values()))
    assert all(len(seen[name]) == 1 for name in set(seen) - set(joined))


def test_a_reader_of_netlists_finds_every_pad_of_every_part_on_one_net(of_sheet: Any) -> None:
    library = {part.name: {pin.num for pin in part.pins} for part in of_sheet.libparts}
    on_nets = [(pin.ref, pin.num) for net in of_sheet.nets for pin in net.pins]
    every = {(part.ref, pad) for part in of_sheet.parts for pad in library[part.name]}
    assert len(on_nets) == len(every) and set(on_nets) == every


def test_the_whole_netlist_has_all_parts_and_nets_of_the_board() -> None:
    parts, nets = whole(netlist.text(_CIRCUIT))
    assert parts == {one.ref: one.part.footprint for one in netlist.on_board(_CIRCUIT)}
    assert set(_CIRCUIT.placed) - set(parts) == {"S1", "S2", "LS1"}  # they hang at J7, J9, J10
    assert nets == meant(netlist.on_board(_CIRCUIT))


def kicad() -> int:
    """Which KiCad can be asked by its command; 0 = none."""
    if not shutil.which("kicad-cli"):
        return 0
    told = subprocess.run(["kicad-cli", "version"], capture_output=True, text=True, timeout=60)
    return int(told.stdout.partition(".")[0] or 0)


@pytest.mark.skipif(kicad() < 9, reason="KiCad 9 is not installed")
def test_kicad_itself_finds_no_electrical_error_and_joins_the_same_pads(tmp_path: Path) -> None:
    for name, text in schematic.files(_CIRCUIT).items():
        (tmp_path / name).write_text(text, "utf-8")
    root = str(tmp_path / "carrier.kicad_sch")
    rules = ["erc", "--severity-error", "--exit-code-violations", root]
    for words in (rules, ["export", "netlist", "-o", str(tmp_path / "theirs.net"), root]):
        done = subprocess.run(
            ["kicad-cli", "sch", *words], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert whole((tmp_path / "theirs.net").read_text("utf-8")) == whole(netlist.text(_CIRCUIT))


def whole(text: str) -> tuple[dict[str, str], dict[str, set[tuple[str, str]]]]:
    """Reference → footprint and net → (reference, pad) of a netlist in KiCad's form, by a reader
    of that form; without pads that stay open, and without what hangs at a plug."""
    tree = {one[0]: one[1:] for one in sexpr.parse_sexp(text)[1:]}
    parts = {
        told["ref"]: told["footprint"]
        for told in map(_words, tree["components"])
        if told.get("footprint")
    }
    nets = {
        _words(net)["name"]: {
            (_words(node)["ref"], _words(node)["pin"])
            for node in net
            if node[0] == "node" and _words(node)["ref"] in parts
        }
        for net in tree["nets"]
    }
    return parts, {
        name: pads for name, pads in nets.items() if not name.startswith("unconnected-")
    }


def _words(tree: list) -> dict[str, str]:
    """The single words of a list in KiCad's form, by their names."""
    return {one[0]: one[1] for one in tree[1:] if len(one) == 2}


def joined_by(path: Path) -> dict[str, set[tuple[str, str]]]:
    """Net → (reference, pad) of one sheet: whose label stands where a pin of a symbol ends."""
    page = Schematic.from_file(str(path))
    labels = {(one.position.X, one.position.Y): one.text for one in page.globalLabels}
    library = {one.libId: one for one in page.libSymbols}
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for symbol in page.schematicSymbols:
        ref = next(one.value for one in symbol.properties if one.key == "Reference")
        for unit in library[symbol.libId].units:
            for pin in unit.pins:
                at = symbol.position.X + pin.position.X, symbol.position.Y - pin.position.Y
                (net,) = [net for place, net in labels.items() if math.dist(place, at) < 0.01] or [
                    OPEN
                ]
                found[net].add((ref, pin.number))
    return found


def test_a_reader_of_schematics_sees_the_same_pads_joined_on_all_sheets(tmp_path: Path) -> None:
    files = schematic.files(_CIRCUIT)
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    root = Schematic.from_file(str(tmp_path / "carrier.kicad_sch"))
    sheets = {one.fileName.value for one in root.sheets}
    assert sheets == set(files) - {"carrier.kicad_sch"}
    on_board = {one.ref for one in netlist.on_board(_CIRCUIT)}
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for sheet in sheets:
        for net, pads in joined_by(tmp_path / sheet).items():
            seen[net] |= {both for both in pads if both[0] in on_board}
    seen.pop(OPEN)
    assert seen == meant(list(_CIRCUIT.placed.values()))


_MOD = '(footprint "R" (pad "1" smd rect (at 0 0)) (pad 2 smd rect (at 1 0)) (pad "" smd rect))'


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "R.pretty").mkdir()
    (tmp_path / "R.pretty" / "R.kicad_mod").write_text(_MOD)
    return tmp_path


def test_a_footprint_that_is_not_there_and_pads_that_differ_are_named(library: Path) -> None:
    part = replace(read()["res-100"], footprint="R:R")
    assert footprints.faults([part], library) == []
    missing = replace(part, footprint="R:Other")
    assert footprints.faults([missing], library) == ["res-100: no footprint R:Other"]
    one, two = part.pins
    moved = replace(part, pins=(one, replace(two, pads=("3",))))
    assert footprints.faults([moved], library) == [
        "res-100: no pad 3 in R:R",
        "res-100: untold pad 2 in R:R",
    ]


def test_what_we_have_drawn_has_the_pads_of_its_part_apart_from_each_other() -> None:
    known = read()
    assert footprints.faults_of_ours(list(known.values())) == []
    part = replace(known["buck-boost"], left_open=())
    assert footprints.faults_of_ours([part]) == [
        "buck-boost: untold pad 14 in HanMa:Texas_DSJ_VSON-14"
    ]
    drawn = Footprint.from_file(str(footprints.DRAWN / "HanMa.pretty/Texas_DSJ_VSON-14.kicad_mod"))
    pads = {pad.number: pad for pad in drawn.pads if pad.number}
    row = [pads[str(n)].position for n in range(1, 8)]
    assert [round(b.Y - a.Y, 3) for a, b in pairwise(row)] == [0.5] * 6
    for one, other in combinations(pads.values(), 2):  # TI's lead is 0.3 mm wide at most
        across = abs(one.position.X - other.position.X) - (one.size.X + other.size.X) / 2
        along = abs(one.position.Y - other.position.Y) - (one.size.Y + other.size.Y) / 2
        assert max(across, along) >= 0.2, (one.number, other.number)


@pytest.mark.skipif(not footprints.LIBRARY.exists(), reason="KiCad's footprints not installed")
def test_every_footprint_and_its_pads_are_as_in_kicads_library() -> None:
    known = read().values()
    assert footprints.faults(known) == []
    assert len(footprints.in_library(known)) > 50
