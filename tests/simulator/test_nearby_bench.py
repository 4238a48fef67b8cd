"""Tickets by Bluetooth on the whole firmware, no network at all: the bench's figure, each act."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from simulator import image
from simulator.nearby_phone import NearbyPhone
from simulator.terminal import Manner, Provision, SimulatedTerminal
from simulator.ticket import issue, receipt_is_genuine
from simulator.world.air import Air
from tests.e2e.conftest import hanma
from tests.firmware.signing import DEVICE, SECRET

pytestmark = pytest.mark.slow
Script = Callable[[SimulatedTerminal, NearbyPhone], Coroutine[Any, Any, None]]


def alone(folder: Path, script: Script) -> None:
    """`script(terminal, phone)`; the terminal's broker does not exist."""

    async def run() -> None:
        terminal = SimulatedTerminal(
            Provision(DEVICE, SECRET, "127.0.0.1:1"),
            kind="micropython",
            image=image.make("micropython", folder / "images"),
            flash=folder / "flash",
            manner=Manner(boot_s=0.2, search_s=0.1),
        )
        air = Air()
        air.add(terminal.ble)
        await terminal.start()
        try:
            phone = NearbyPhone(air)
            await phone.meet(DEVICE, within_s=30)
            await script(terminal, phone)
        finally:
            await terminal.stop()

    asyncio.run(run())


async def give(phone: NearbyPhone, act: str, job: str, lease_s: int, **proof: Any) -> str:
    proof = proof or {"ch": (await phone.identity())["challenge"]}
    word, receipt = await phone.give(issue(SECRET, DEVICE, act, job, lease_s, **proof))
    assert receipt and receipt_is_genuine(SECRET, receipt)
    assert receipt["relay"] in (0, 1) and receipt["act"] == act
    return word


async def until(wanted: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not wanted():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("mtu", ["23", "247"])
def test_the_command_prints_its_figure_beside_its_limit(mtu: str) -> None:
    done = hanma("bench", "ticket", "--times", "4", "--mtu", mtu)
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == (0 if told["ok"] else 1), done.stderr
    assert (told["times"], told["limit_ms"], told["mtu"]) == (4, 300, int(mtu))
    assert 0 < told["median_ms"] <= told["worst_ms"]


def test_on_and_off_and_what_has_ended_stays_ended(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal, phone: NearbyPhone) -> None:
        assert await give(phone, "on", "j1", 600) == "ok"
        assert terminal.relay == 1 and terminal.mains.contact
        assert await give(phone, "on", "j1", 600, n=5) == "ok"  # only another lease
        assert await give(phone, "off", "j1", 0, n=6) == "ok"
        assert terminal.relay == 0
        assert await give(phone, "on", "j1", 600, n=7) == "ended"
        assert [level for _, level in terminal.moves if level] == [1]

    alone(tmp_path, script)


def test_the_lease_of_a_ticket_ends_by_itself(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal, phone: NearbyPhone) -> None:
        assert await give(phone, "on", "j1", 2) == "ok"
        assert terminal.relay == 1
        await until(lambda: terminal.relay == 0)
        await until(lambda: phone.states[-1].mode == "idle")  # told within a second
        assert (await phone.identity())["mode"] == "idle"

    alone(tmp_path, script)


def test_a_technicians_test_closes_for_its_seconds_and_service_leaves_the_relay_open(
    tmp_path: Path,
) -> None:
    async def script(terminal: SimulatedTerminal, phone: NearbyPhone) -> None:
        assert await give(phone, "test", "", 2) == "ok"
        assert terminal.relay == 1
        await until(lambda: terminal.relay == 0)
        assert await give(phone, "service", "", 600) == "ok"
        assert terminal.relay == 0
        assert (await phone.identity())["mode"] == "service"

    alone(tmp_path, script)


def test_a_contact_that_does_not_follow_is_told_in_the_receipt(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal, phone: NearbyPhone) -> None:
        terminal.hands["contactor"]("refuses")
        assert await give(phone, "on", "j1", 600) == "relay-stuck"
        assert terminal.relay == 0
        assert (await phone.identity())["mode"] == "fault"

    alone(tmp_path, script)


def test_gas_stands_against_a_ticket_that_would_close_the_relay(tmp_path: Path) -> None:
    async def script(terminal: SimulatedTerminal, phone: NearbyPhone) -> None:
        terminal.hands["gas_sensor"](True)
        terminal.hands["gas"](60.0)
        for number in range(100):
            if (await give(phone, "on", f"j{number}", 600)) == "gas":
                break
            await give(phone, "off", f"j{number}", 0)
        else:
            raise AssertionError("gas was never told")
        assert terminal.relay == 0

    alone(tmp_path, script)
