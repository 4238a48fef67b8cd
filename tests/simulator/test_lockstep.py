"""The board in lock step: small programs on the real interpreter, in a world with its own time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator import virtual
from simulator.image import STAND_INS
from simulator.lockstep import Hangs, LockstepChip
from simulator.virtual import Clock
from simulator.world.direct import DirectCable

pytestmark = pytest.mark.slow  # takes seconds

DAY_S = 86_400
SECOND_US = 1_000_000


class Stage:
    """A chip with `main` (source text), and what it did: (virtual µs, what, value)."""

    def __init__(self, folder: Path, main: str, clock: Clock, ticks_ms: int) -> None:
        image = folder / "image"
        for path in STAND_INS.rglob("*.py"):
            target = image / path.relative_to(STAND_INS)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text())
        (image / "boot.py").write_text("")
        (image / "main.py").write_text(main)
        self.did: list[tuple[int, object, object]] = []
        self.clock = clock
        self.deaths = 0
        self.cable = DirectCable(115_200, clock=clock.monotonic_ns)
        self.cable.on_bytes = lambda data: self._note(1, data)
        self.chip = LockstepChip(
            image=image,
            flash=folder / "flash",
            clock=clock,
            on_pin=self._note,
            on_dead=self._died,
            cables={1: self.cable},
            ticks_ms=ticks_ms,
        )

    def _note(self, what: object, value: object) -> None:
        self.did.append((self.clock.now_us, what, value))

    def _died(self) -> None:
        self.deaths += 1

    def lines(self) -> list[str]:
        return [text for _, text in self.chip.console if "stand-ins" not in text]


Script = Callable[[Stage], Awaitable[None]]


def play(tmp_path: Path, main: str, script: Script, ticks_ms: int = 0) -> None:
    async def work(clock: Clock) -> None:
        stage = Stage(tmp_path, main, clock, ticks_ms)
        await stage.chip.power_on()
        try:
            await script(stage)
        finally:
            await stage.chip.close()

    virtual.run(work)


def test_what_the_board_does_happens_at_its_own_moment(tmp_path: Path) -> None:
    main = """
import asyncio
from machine import Pin
out = Pin(21, Pin.OUT)
async def main():
    for level in (1, 0, 1):
        await asyncio.sleep_ms(1500)
        out.value(level)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(600)
        assert stage.did == [(1_500_000, 21, 1), (3_000_000, 21, 0), (4_500_000, 21, 1)]

    play(tmp_path, main, script)


def test_inside_its_stretch_the_board_runs_alone(tmp_path: Path) -> None:
    main = """
import asyncio
async def main():
    for _ in range(60 * 60 * 24):
        await asyncio.sleep(1)
    print("a day")
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(DAY_S + 1)
        assert "a day" in stage.lines()
        assert stage.chip.turns < 10

    play(tmp_path, main, script)


def test_an_edge_wakes_the_board_at_the_moment_it_happens(tmp_path: Path) -> None:
    main = """
import asyncio
from machine import Pin
flag = asyncio.ThreadSafeFlag()
out, back = Pin(21, Pin.OUT), Pin(34, Pin.IN)
back.irq(lambda pin: flag.set(), Pin.IRQ_RISING)
async def main():
    while True:
        await flag.wait()
        out.value(back.value())
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        for at_s in (100, 86_500):
            await asyncio.sleep(at_s)
            stage.chip.link.set_pin(34, 1)
            await asyncio.sleep(0.25)
            stage.chip.link.set_pin(34, 0)
        assert [at for at, _, _ in stage.did] == [100 * SECOND_US, 86_600_250_000]

    play(tmp_path, main, script)


def test_bytes_cross_the_wires_whole_and_in_order(tmp_path: Path) -> None:
    main = """
import asyncio
from machine import UART
uart = UART(1, baudrate=115200)
async def main():
    reader = asyncio.StreamReader(uart)
    while True:
        try:
            data = await asyncio.wait_for_ms(reader.read(99), 5000)
        except asyncio.TimeoutError:
            data = b"nothing"
        uart.write(b"heard " + data)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        stage.cable.start(stage.cable.on_bytes)
        await asyncio.sleep(1)
        stage.cable.send(b"\x00\xff")
        stage.cable.send(b"ab")
        await asyncio.sleep(1)
        stage.cable.send(b"c" * 200)
        await asyncio.sleep(6)
        assert [text for _, _, text in stage.did] == [
            *(b"heard \x00\xffab", b"heard " + b"c" * 99, b"heard " + b"c" * 99),
            *(b"heard cc", b"heard nothing"),
        ]
        wire_us = round(stage.cable.wire_ms(200) + stage.cable.wire_ms(13)) * 1000
        assert abs(stage.did[-1][0] - 7 * SECOND_US - wire_us) < 2000

    play(tmp_path, main, script)


def test_ticks_wrap_as_on_the_esp32_and_nobody_who_sleeps_minds(tmp_path: Path) -> None:
    main = """
import asyncio, time
async def quick():
    for _ in range(40):
        await asyncio.sleep_ms(100)
    print("quick", time.ticks_ms())
async def main():
    before = time.ticks_ms()
    asyncio.create_task(quick())
    await asyncio.sleep_ms(5000)
    now = time.ticks_ms()
    print("slow", before, now, time.ticks_diff(now, before), time.ticks_add(before, 5000) == now)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(10)
        near = (1 << 30) - 2000
        assert stage.lines()[1:] == ["quick 2000", f"slow {near} 3000 5000 True"]

    play(tmp_path, main, script, ticks_ms=(1 << 30) - 2000)


def test_a_sleep_that_the_esp32_would_take_for_one_into_the_past_is_refused(
    tmp_path: Path,
) -> None:
    main = "import machine, asyncio\nasyncio.run(asyncio.sleep_ms(1 << 29))\n"

    async def script(stage: Stage) -> None:
        await asyncio.sleep(0.1)
        assert any("OverflowError" in line for line in stage.lines())

    play(tmp_path, main, script)


def test_the_boards_calendar_is_the_worlds(tmp_path: Path) -> None:
    main = """
import machine, time
time.sleep(90)
print(time.time(), time.time_ns(), time.gmtime()[:6])
"""

    async def script(stage: Stage) -> None:
        begins = stage.clock.begins_us // SECOND_US
        await asyncio.sleep(90)
        assert stage.lines()[1].startswith(f"{begins + 90} {begins + 90}000000000 (")

    play(tmp_path, main, script)


def test_the_watchdog_bites_at_its_moment_and_the_next_start_knows(tmp_path: Path) -> None:
    main = """
import asyncio
import machine
print("cause", machine.reset_cause())
async def main():
    dog = machine.WDT(timeout=30000)
    for _ in range(5):
        await asyncio.sleep(20)
        dog.feed()
    machine.Pin(21, machine.Pin.OUT, value=1)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(129.9)
        assert (stage.chip.starts, stage.deaths) == (1, 0)
        await asyncio.sleep(1)
        assert (stage.chip.starts, stage.deaths) == (2, 1)
        assert stage.chip.reasons == ["power", "watchdog"]
        assert stage.did[0] == (100 * SECOND_US, 21, 1)
        await asyncio.sleep(1)
        assert stage.lines()[-1] == "cause 3"

    play(tmp_path, main, script)


def test_reset_crash_and_power_cut_end_in_new_starts_in_the_same_world(tmp_path: Path) -> None:
    main = """
import asyncio, machine, time
print("start", machine.reset_cause())
async def main():
    await asyncio.sleep(60)
    machine.reset() if machine.reset_cause() == machine.PWRON_RESET else 1 / 0
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(150)
        assert stage.chip.reasons == ["power", "restart", "reset"]
        await stage.chip.power_off()
        assert not stage.chip.running
        await asyncio.sleep(DAY_S)
        assert stage.chip.starts == 3
        await stage.chip.power_on()
        await asyncio.sleep(61)
        assert stage.chip.reasons[3:] == ["power", "restart"]

    play(tmp_path, main, script)


def test_a_blocking_sleep_holds_everything_up_as_on_the_board(tmp_path: Path) -> None:
    main = """
import asyncio, time
import machine
async def other():
    await asyncio.sleep_ms(100)
    print("other", time.ticks_ms())
async def main():
    asyncio.create_task(other())
    await asyncio.sleep_ms(0)
    time.sleep_ms(700)
    await asyncio.sleep_ms(1)
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(5)
        assert stage.lines()[1:] == ["other 700"]

    play(tmp_path, main, script)


def test_tasks_that_only_give_way_do_not_stop_the_time(tmp_path: Path) -> None:
    main = """
import asyncio
import machine
async def main():
    done = []
    async def later():
        await asyncio.sleep_ms(50)
        done.append(1)
    asyncio.create_task(later())
    while not done:
        await asyncio.sleep_ms(0)
    print("done")
    await asyncio.sleep(3600)
asyncio.run(main())
"""

    async def script(stage: Stage) -> None:
        await asyncio.sleep(5)
        assert "done" in stage.lines()

    play(tmp_path, main, script)


def test_firmware_that_never_ends_its_turn_is_told_apart_from_one_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.lockstep._PATIENCE_S", 1)

    async def script(stage: Stage) -> None:
        await asyncio.sleep(1)

    with pytest.raises(Hangs):
        play(tmp_path, "import machine\nwhile True: pass\n", script)
