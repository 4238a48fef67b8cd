"""ngspice on the schematic's own values: what is simulated reacts to what is built."""

from dataclasses import replace

import pytest

from hardware import check, idle, loads, powerline, simulations, spice
from hardware.circuit import Circuit, carrier, load
from hardware.derating import Figure, Stress
from hardware.parts import HERE, read

_TEXT = (HERE / "carrier.txt").read_text(encoding="utf-8")


def built(old: str = "", new: str = "") -> Circuit:
    assert not old or _TEXT.count(old) == 1
    return load(_TEXT.replace(old, new) if old else _TEXT, read())


def test_the_surge_generator_gives_what_the_standard_asks_for() -> None:
    charge_v = 1000 * powerline._RISE
    open_circuit = spice.run("generator", charge_v=charge_v, load_ohm=1e6)
    short_circuit = spice.run("generator", charge_v=charge_v, load_ohm=0.001)
    assert open_circuit["peak_v"] == pytest.approx(1000, rel=0.1)  # IEC 61000-4-5: ± 10 %
    assert short_circuit["peak_a"] == pytest.approx(500, rel=0.1)


def test_the_bring_up_list_expects_what_is_simulated(seen: list[Figure | Stress]) -> None:
    figures, _ = check.judged(carrier(), seen)
    assert check.bring_up({figure.what: figure for figure in figures}) == []


@pytest.mark.parametrize(
    ("resistor", "pin"),
    [
        ("R75 res-330k        CT_IN CT_BIAS\n", "CURRENT, from the middle"),  # no transformer
        ("R54 res-10k         V33 BUTTON\n", "BUTTON"),
    ],
)
def test_a_pin_that_nothing_holds_is_found(resistor: str, pin: str) -> None:
    found = {one.what: one.margin for one in idle.idle(built(resistor))}
    assert found[f"idle {pin}"] < 1
    assert sum(margin < 1 for margin in found.values()) == 1


def test_a_core_too_small_for_the_switchers_current_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loads, "CORE_MM2", 31.0)  # an EF 20
    (flux,) = simulations.transformer(carrier())
    assert flux.margin < 1


def test_the_lid_switch_carries_what_its_contacts_ask_for() -> None:
    circuit = carrier()
    shut_a = circuit.nets["V33"].high / (circuit.value("R70") + circuit.value("R71"))
    assert shut_a > 1e-3  # Omron D2HW: 5 V DC, 1 mA


def test_the_manual_tells_how_long_the_lamp_stays_lit(seen: list[Figure | Stress]) -> None:
    figures = {one.what: one.value for one in seen if isinstance(one, Figure)}
    assert 10 < figures["hold-up with 2 A bursts, new, 25 °C"] < 20
    assert "模组在发时十几秒" in (HERE / "manual.zh-CN.md").read_text("utf-8")


def test_less_resistance_in_the_mains_lets_more_of_a_surge_through(
    seen: list[Figure | Stress],
) -> None:
    weak = built("R1  fusible-33      LF L1", "R1 res-47-1w LF L1")
    weak.placed["R1"] = replace(weak.placed["R1"], part=replace(weak.placed["R1"].part, value=10))
    bad = next(one for one in powerline.surge(weak) if one.what.endswith(": BR1 bridge"))
    usual = next(one for one in seen if isinstance(one, Figure) and one.what == bad.what)
    assert bad.value > 1.2 * usual.value


def test_a_small_series_resistor_lets_static_into_the_chip() -> None:
    weak = built("R80 res-220         CAMERA_TX CAM_TX_X", "R80 res-100 CAMERA_TX CAM_TX_X")
    usual, bad = (
        next(one for one in simulations.discharges(board, "CAM_TX_X") if "air" in one.what)
        for board in (built(), weak)
    )
    assert bad.margin < usual.margin / 2


def test_each_outside_pin_gets_both_discharges(seen: list[Figure | Stress]) -> None:
    shot = [one.what for one in seen if isinstance(one, Figure) and "static" in one.what]
    for net in carrier().outside:
        for kind in ("±4 kV contact", "±8 kV air"):
            assert sum(f"{kind} into {net}:" in what for what in shot) == 1, (net, kind)


def test_small_cells_do_not_hold_the_board_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulations, "_UNTIL_S", 3.0)
    weak = built()
    small = replace(weak.placed["C10"].part, value=2)
    weak.placed["C10"] = replace(weak.placed["C10"], part=small)
    held = next(iter(simulations.holdup(weak)))
    assert held.what.startswith("hold-up") and held.margin < 1


def test_a_figure_that_bring_up_does_not_find_is_named() -> None:
    assert "bring-up.md: no figure board: C10 supercap volts" in check.bring_up({})


def test_a_value_in_bring_up_that_is_no_longer_the_simulations_is_named() -> None:
    name = "board: C10 supercap volts"
    moved = {name: Figure(name, 2.25, 2.3, "V")}  # still in its range
    assert f"bring-up.md: {name} is 2.25 V" in check.bring_up(moved)


def test_a_deck_with_something_unsaid_is_refused() -> None:
    with pytest.raises(spice.NoSpice, match=r"mains: nothing said for \{crest_v\}"):
        spice.run("mains")


def test_without_ngspice_a_plain_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(spice.NoSpice, match="apt install ngspice"):
        spice.run("mains")
