"""One simulated terminal with the real firmware, without any cloud: left alone."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import image, pins
from simulator.demo import free_address
from simulator.terminal import Manner, Provision, SimulatedTerminal

pytestmark = pytest.mark.slow
PATIENCE_S = 90
SECRET = bytes(range(32))


def play(folder: Path, script: Callable, kind: str = "micropython", holdup_s: float = 0.3) -> None:
    """Runs `script(terminal)` with a terminal whose broker does not exist."""
    host, port = free_address()

    async def run() -> None:
        terminal = SimulatedTerminal(
            Provision("HM-990101-0001", SECRET, f"{host}:{port}"),
            kind=kind,
            image=image.make(kind, folder / "images"),
            flash=folder / "flash",
            manner=Manner(boot_s=0.2, search_s=0.1, holdup_s=holdup_s),
        )
        await terminal.start()
        try:
            await script(terminal)
        finally:
            await terminal.stop()

    asyncio.run(run())


def inputs(terminal: SimulatedTerminal) -> dict[int, int]:
    return terminal.chip.link.inputs


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not wanted():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", ["micropython", "cpython"])
def test_the_relay_is_open_from_the_first_instruction_and_stays_open(
    kind: str, tmp_path: Path
) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        await until(lambda: len(terminal.watch()) >= 1)
        assert terminal.moves and {level for _, level in terminal.moves} == {0}
        assert terminal.relay == 0 and not terminal.mains.contact

    play(tmp_path, script, kind)


def test_without_a_broker_it_keeps_trying_and_feeds_its_watchdog(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        await until(lambda: sum("hanma uplink" in line for _, line in terminal.chip.console) >= 2)
        await until(lambda: len(terminal.watch()) >= 1)
        assert terminal.chip.starts == 1
        assert terminal.watch()[-1]["heap_kb"] > 0
        assert not terminal.on_line

    play(tmp_path, script)


def test_a_power_cut_ends_everything_at_once_and_power_brings_it_back(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        await until(lambda: len(terminal.watch()) >= 1)
        terminal.hands["mains"](False)
        await until(lambda: not terminal.chip.running)
        assert terminal.relay == 0
        terminal.hands["mains"](True)
        await until(lambda: terminal.chip.running and terminal.modem.starts >= 2)

    play(tmp_path, script)


def test_with_its_capacitor_it_lives_through_a_blink_and_sees_both_the_loss_and_the_lid(
    tmp_path: Path,
) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        await until(lambda: terminal.chip.running)
        assert (inputs(terminal)[pins.MAINS], inputs(terminal)[pins.TAMPER]) == (1, 0)
        terminal.trouble.begin("torn-off")
        await until(lambda: inputs(terminal)[pins.MAINS] == 0 and inputs(terminal)[pins.TAMPER])
        assert terminal.chip.running
        terminal.trouble.end_all()
        await until(lambda: inputs(terminal)[pins.MAINS] == 1)
        await asyncio.sleep(0.6)
        assert terminal.chip.starts == 1

    play(tmp_path, script, holdup_s=0.5)


def test_hands_reach_gas_lid_warmth_and_bypass(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        for hand, value in (("gas", 30), ("lid", True), ("board_c", 71), ("bypass", True)):
            terminal.hands[hand](value)
        terminal.hands["strike"](100)
        await until(lambda: inputs(terminal)[pins.TAMPER] == inputs(terminal)[pins.ARC] == 1)
        shown = terminal.show()
        assert (shown["gas"], shown["lid"], shown["board_c"], shown["bypass"]) == (30, 1, 71, 1)
        terminal.hands["gas_sensor"](False)
        terminal.hands["button"](0.2)
        assert inputs(terminal)[pins.BUTTON] == 0
        await until(lambda: inputs(terminal)[pins.BUTTON] == 1)

    play(tmp_path, script)


def test_the_secret_in_flash_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    Provision("HM-990101-0001", SECRET, "127.0.0.1:1883").write(tmp_path, "air780e")
    secret = tmp_path / "nvs" / "hanma.secret"
    assert secret.read_bytes() == SECRET
    assert secret.stat().st_mode & 0o077 == 0


def test_an_unprovisioned_board_says_so_and_never_closes_its_relay(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        await terminal.chip.power_off()
        (tmp_path / "flash" / "nvs" / "hanma.secret").unlink()
        await terminal.chip.power_on()
        await until(
            lambda: any("not provisioned: secret" in line for _, line in terminal.chip.console)
        )
        assert 1 not in {level for _, level in terminal.moves}

    play(tmp_path, script)


def test_garbage_on_the_uart_from_power_on_is_survived(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal) -> None:
        for _ in range(20):
            terminal.trouble.begin("garbage", 200)
            await asyncio.sleep(0.05)
        await until(lambda: any("hanma uplink" in line for _, line in terminal.chip.console))
        assert terminal.chip.starts == 1
        assert 1 not in {level for _, level in terminal.moves}

    play(tmp_path, script)
