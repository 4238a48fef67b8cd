"""The check-list of the first board expects what simulator and firmware do; each line says it."""

import inspect
import re

import pytest

from hardware import check, loads, parts, pins, simulations
from hardware.circuit import carrier
from simulator import size, terminal
from simulator.world import mains, modem

FIRMWARE = pins.ROOT / "firmware" / "terminal"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (parts.HERE / "bring-up.md").read_text("utf-8").splitlines()
    if line.endswith("| |")
]


def row(beginning: str) -> list[str]:
    """The cells of the one line that begins so."""
    (found,) = [cells for cells in ROWS if cells[0].startswith(beginning)]
    return found


def told(file: str, name: str) -> float:
    """A constant of the firmware."""
    text = (FIRMWARE / file).read_text("utf-8")
    (found,) = re.findall(rf"^_?{name}\b(?: =)? (?:const\()?([0-9.]+)", text, re.MULTILINE)
    return float(found)


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0])
def test_each_line_says_what_to_expect_and_leaves_room_for_what_was_measured(cells: list) -> None:
    assert len(cells) == 4 and all(cells[:3]) and cells[3] == ""


_PLANT = mains.Mains()
_T1 = parts.read()["flyback"]
_BOOT_S = inspect.signature(modem.Modem).parameters["boot_s"].default
EXPECTED = [
    ("保持电容", f"{simulations.HOLDUP_S} s"),
    ("保持电容", f"{terminal.Manner().holdup_s} s"),
    ("看门狗", f"{told('supervisor.py', 'WATCHDOG_MS') / 1000:.0f} s"),
    ("堆", f"≤ {size.HEAP_LIMIT_KB} kB"),
    ("编译后大小", f"≤ {size.MPY_LIMIT:,} B"),
    ("吸合", f"{_PLANT.pull_in_ns / mains.MS:.0f} ms"),
    ("吸合", f"{_PLANT.drop_out_ns / mains.MS:.0f} ms"),
    ("吸合", f"弹跳 {_PLANT.bounce_ns / mains.MS:.0f} ms"),
    ("触点超时", f"{told('controller.py', 'MOVE_MS'):.0f} ms"),
    ("热保护", f"{told('controller.py', 'MOVE_MS'):.0f} ms"),
    ("电流", f"400 A = {400 / told('sensing.py', 'AMPS_PER_MV'):.0f} mV"),
    ("比较器", f"{mains.ARC_ON_A:.0f} A 变高，{mains.ARC_OFF_A:.0f} A 变低"),
    ("起弧", f"{told('limits.py', 'arc_on_a'):.0f} A 起"),
    ("起弧", f"{told('limits.py', 'arc_off_a'):.0f} A 止"),
    ("燃气", "、".join(f"{lel * mains.GAS_MV_PER_LEL:.0f}" for lel in (10, 25, 50)) + " mV"),
    ("燃气", f"空气 ≈ {mains.GAS_CLEAN_MV:.0f} mV"),
    ("燃气", f"< {told('sensing.py', 'GAS_ABSENT_MV'):.0f} mV"),
    ("开机", f"{_BOOT_S} s"),
    ("变压器", f"初级 {_T1.value * 1e3:g} mH"),
    ("变压器", f"漏感（次级短接）≤ {_T1.value * loads.LEAK * 1e6:.0f} µH"),
    ("变压器", f"匝比 {loads.TURNS:g} : 1，辅助 {loads.AUXILIARY} : 1"),
    ("变压器", f"{_T1.amps:.1f} A 不饱和"),
    ("变压器", f"{_T1.isolation_v / 1000:g} kV 1 min，爬电 ≥ {_T1.creepage_mm:g} mm"),
    ("流量", f"≤ {told('limits.py', 'data_mb'):.0f} MB"),
]


@pytest.mark.parametrize(("beginning", "value"), EXPECTED)
def test_what_a_line_expects_is_what_firmware_and_simulator_do(beginning: str, value: str) -> None:
    assert value in row(beginning)[2]


def test_the_lines_of_the_supply_expect_the_figures_of_the_simulation() -> None:
    named = [what for what, *_ in check._EXPECTED.findall(" ".join(cells[2] for cells in ROWS))]
    assert len(named) == len(set(named)) == 13
    kinds = {what.split(" ")[0] for what in named}
    assert {"hold-up", "modem's", "mains", "board:", "comparator", "surge"} <= kinds


def test_carrier_simulator_and_firmware_mean_the_same_current() -> None:
    figures = {figure.what: figure for figure in simulations.senses(carrier())}
    crest_v = figures["400 A at the ADC, from the bias"].value
    assert 400 / told("sensing.py", "AMPS_PER_MV") == pytest.approx(
        crest_v / 2**0.5 * 1000, rel=0.01
    )
    assert terminal._VOLTS_PER_AMP * 1000 * told("sensing.py", "AMPS_PER_MV") == pytest.approx(1)
