"""The check-list of the first board expects what simulator and firmware do; each line says it."""

import inspect
import re

import pytest

from hardware import check, loads, parts, pins, simulations
from hardware.circuit import carrier
from simulator import latency, nearby_bench, size, terminal
from simulator.world import air780e, camera, mains, modem, radio

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


_NOT_SIMULATED = "（无模拟 not simulated）"
_FIRMWARE, _WORLD, _E2E = "tests/firmware/", "tests/simulator/", "tests/e2e/"
# What a line expects and no figure stands for: the test in which the simulation does it.
SHOWN = {
    "引脚": "tests/hardware/test_pins.py",
    "主回路": _WORLD + "test_terminal.py::test_the_relay_is_open_from_the_first",
    "继电器从第一条": _WORLD + "test_terminal.py::test_the_relay_is_open_from_the_first",
    "起动原因": _WORLD + "test_chip.py::test_a_watchdog_that_is_not_fed_ends_in_a_start_with_that",
    "签名校验": _WORLD + "test_size.py::test_the_command_prints_all_figures_beside_their_limits",
    "时钟翻转": _WORLD + "test_lockstep.py::test_ticks_wrap_as_on_the_esp32_and_nobody_who_sleeps",
    "非易失": _FIRMWARE + "test_memory.py::test_a_cut_in_the_middle_of_the_writing_leaves_the_old",
    "遗言": _FIRMWARE + "test_app.py::test_the_mains_gone_is_told_with_the_last_breath_and",
    "同时开盖断电": _FIRMWARE + "test_app.py::test_a_terminal_torn_off_says_both",
    "市电闪断": _WORLD + "test_terminal.py::test_with_its_capacitor_it_lives_through_a_blink",
    "旁路": _FIRMWARE + "test_app.py::test_current_with_the_relay_open_is_a_bypass",
    "四家": _FIRMWARE + "modem/test_operators.py::test_each_of_the_four_operators_is_known_by",
    "恢复阶梯": _WORLD + "test_matrix.py::test_a_terminal_recovers_from_a_few_faults_of_each_kind",
    "TLS 证书": _FIRMWARE + "modem/test_on_a_module.py::test_a_server_of_another_ca_is_refused",
    "TLS 收发": _FIRMWARE + "modem/test_on_a_module.py::test_bytes_go_both_ways_through_the",
    "波特率": _WORLD + "world/test_faults.py::test_wrong_baud",
    "信号": _FIRMWARE + "modem/test_simcom.py::test_the_signal_is_a_strength_or_not_known",
    "单包": _WORLD + "test_nearby_phone.py::test_an_on_line_ticket_closes_the_relay_on_a_small",
    "三部手机": _FIRMWARE + "test_nearby.py::test_a_fourth_phone_is_met_when_one_has_gone",
    "断在半中": _WORLD + "test_nearby_phone.py::test_a_phone_that_goes_in_the_middle_of_a_ticket",
    "播报": _FIRMWARE + "test_voice.py::test_the_urgent_goes_before_what_waits_but_cuts_nobody",
    "片段": _WORLD + "test_sound.py::test_a_whole_terminal_whose_module_cannot_speak_says_its",
    "打断": _FIRMWARE + "test_voice.py::test_an_urgent_text_cuts_a_normal_one_short_and_never_an",
    "开盖": _E2E + "test_link.py::test_an_open_lid_is_an_alarm_until_it_is_shut",
    "板温": _WORLD + "test_chip.py::test_the_converter_gives_a_level_or_a_wave_and_the_chip_its",
}


_PLANT = mains.Mains()
_T1 = parts.read()["flyback"]
_AIR = air780e.AIR780E.presses
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
    ("变压器", f"{loads.PRIMARY} : {loads.SECONDARY} : {loads.BIAS} 匝"),
    ("变压器", f"初级 {_T1.value * 1e3:g} mH"),
    ("变压器", f"漏感（次级短接）≤ {_T1.value * loads.LEAK * 1e6:.0f} µH"),
    ("变压器", f"匝比 {loads.TURNS:g} : 1，辅助 {loads.AUXILIARY} : 1"),
    ("变压器", f"{_T1.amps:.1f} A 不饱和"),
    ("变压器", f"{_T1.isolation_v / 1000:g} kV 1 min，爬电 ≥ {_T1.creepage_mm:g} mm"),
    ("扫码到", f"+ {latency.MEDIAN_OVER_WIRE_MS} ms"),
    ("手机离线", f"≤ {nearby_bench.LIMIT_MS} ms"),
    ("4G 重连", f"≤ {nearby_bench.ANSWER_LIMIT_MS / 1000} s"),
    ("第二种", f"{_AIR.on_s} s 开、{_AIR.off_s} s 关"),
    ("计费", f"{told('modem/socket.py', 'SEGMENT'):.0f} B，TLS 记录"),
    ("计费", f"TLS 记录 {told('modem/socket.py', 'RECORD'):.0f} B"),
    ("定位", f"{radio.Radio().position[2]} m"),
    ("摄像头", f"{camera.COLUMNS * 8}×{camera.ROWS * 8}"),
    ("摄像头", f"每块 {told('camera.py', 'PIECE'):.0f} B"),
    ("流量", f"≤ {told('limits.py', 'data_mb'):.0f} MB"),
]


@pytest.mark.parametrize(("beginning", "value"), EXPECTED)
def test_what_a_line_expects_is_what_firmware_and_simulator_do(beginning: str, value: str) -> None:
    assert value in row(beginning)[2]


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0])
def test_each_line_has_its_value_from_the_simulation_or_says_that_it_has_none(
    cells: list[str],
) -> None:
    begins = [name for name, _ in EXPECTED] + list(SHOWN)
    shown = any(cells[0].startswith(name) for name in begins) or "{" in cells[2]
    assert shown != (_NOT_SIMULATED in cells[2])


@pytest.mark.parametrize(("beginning", "test"), SHOWN.items())
def test_what_shows_a_line_is_there(beginning: str, test: str) -> None:
    assert row(beginning)
    file, _, name = test.partition("::")
    assert f"def {name}" in (pins.ROOT / file).read_text("utf-8")


def test_the_lines_of_the_supply_expect_the_figures_of_the_simulation() -> None:
    named = [what for what, *_ in check._EXPECTED.findall(" ".join(cells[2] for cells in ROWS))]
    assert len(named) == len(set(named)) == 24
    kinds = {what.split(" ")[0] for what in named}
    assert {"hold-up", "modem's", "mains", "board:", "comparator", "surge", "idle"} <= kinds


def test_carrier_simulator_and_firmware_mean_the_same_current() -> None:
    figures = {figure.what: figure for figure in simulations.senses(carrier())}
    crest_v = figures["400 A at the ADC, from the bias"].value
    assert 400 / told("sensing.py", "AMPS_PER_MV") == pytest.approx(
        crest_v / 2**0.5 * 1000, rel=0.01
    )
    assert terminal._VOLTS_PER_AMP * 1000 * told("sensing.py", "AMPS_PER_MV") == pytest.approx(1)
