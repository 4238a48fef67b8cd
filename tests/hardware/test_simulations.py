"""ngspice on the schematic's own values: what is simulated reacts to what is built."""

import pytest

from hardware import check, simulations, spice
from hardware.circuit import Circuit, load
from hardware.parts import HERE, read
from hardware.simulations import Figure

_TEXT = (HERE / "carrier.txt").read_text(encoding="utf-8")


def built(old: str = "", new: str = "") -> Circuit:
    assert not old or _TEXT.count(old) == 1
    return load(_TEXT.replace(old, new) if old else _TEXT, read())


def test_the_surge_generator_gives_what_the_standard_asks_for() -> None:
    charge_v = 1000 * simulations._RISE
    open_circuit = spice.run("generator", charge_v=charge_v, load_ohm=1e6)
    short_circuit = spice.run("generator", charge_v=charge_v, load_ohm=0.001)
    assert open_circuit["peak_v"] == pytest.approx(1000, rel=0.1)  # IEC 61000-4-5: ± 10 %
    assert short_circuit["peak_a"] == pytest.approx(500, rel=0.1)


def test_the_whole_board_passes_and_the_bring_up_list_expects_what_is_simulated() -> None:
    figures = {figure.what: figure for figure in check.figures()}
    assert len(figures) == 59
    assert [figure for figure in figures.values() if figure.margin < 1] == []
    assert check.bring_up(figures) == []
    assert check.design() == {"parts": [], "rules": [], "pins": []}


def test_less_resistance_in_the_mains_lets_more_of_a_surge_through() -> None:
    usual, weak = built(), built("R1  fusible-33      L L1", "R1 res-10 L L1")
    worst = [min(figure.margin for figure in simulations.surge(one)) for one in (usual, weak)]
    assert worst[1] < 1.05 < worst[0]


def test_a_small_series_resistor_lets_static_into_the_chip() -> None:
    weak = built("R80 res-220         CAMERA_TX CAM_TX_X", "R80 res-10 CAMERA_TX CAM_TX_X")
    usual, bad = (
        next(one for one in simulations.static(board) if "CAM_TX_X: U8 esp32" in one.what)
        for board in (built(), weak)
    )
    assert bad.margin < 1 < usual.margin


def test_small_cells_do_not_hold_the_board_up() -> None:
    weak = built("C10 supercap        BANK BANK_MID", "C10 out-1000u BANK BANK_MID")
    held = next(iter(simulations.holdup(weak)))
    assert held.what.startswith("hold-up") and held.margin < 1


def test_a_figure_that_bring_up_does_not_find_is_named() -> None:
    assert "bring-up.md: no figure supercapacitor" in check.bring_up({})


def test_a_value_in_bring_up_that_is_no_longer_the_simulations_is_named() -> None:
    moved = {"supercapacitor": Figure("supercapacitor", 2.2, 2.3, "V")}  # still in its range
    assert "bring-up.md: supercapacitor is 2.2 V" in check.bring_up(moved)


def test_a_deck_with_something_unsaid_is_refused() -> None:
    with pytest.raises(spice.NoSpice, match=r"mains: nothing said for \{crest_v\}"):
        spice.run("mains")


def test_without_ngspice_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(spice.NoSpice, match="apt install ngspice"):
        spice.run("mains")
