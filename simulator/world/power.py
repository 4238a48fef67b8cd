"""Supply, PWRKEY and RESET of the module, timed as in its datasheet; pressed = low."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Life(Enum):
    OFF = "off"
    BOOTING = "booting"
    ON = "on"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Presses:
    """Shortest presses in seconds (A7670: typ. 50 ms on, ≥ 2.5 s off, 2–2.5 s reset)."""

    on_s: float = 0.05
    off_s: float = 2.5
    reset_s: float = 2.0


class Power:
    """Turns pins into `boot`, `stop` (orderly) and `die` (at once); asks `life`."""

    def __init__(
        self,
        presses: Presses,
        life: Callable[[], Life],
        *,
        boot: Callable[[], None],
        stop: Callable[[], None],
        die: Callable[[], None],
    ) -> None:
        self.presses = presses
        self.life = life
        self.boot, self.stop, self.die = boot, stop, die
        self.supplied = True
        self._key = self._reset = 1
        self._held_down = False  # RESET took effect and is still low
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def supply(self, on: bool) -> None:
        """VBAT. Taken away, the module is dead at once; given back, it waits for PWRKEY."""
        self.supplied = on
        if not on:
            self.close()
            self._held_down = False
            self.die()

    def power_key(self, level: int) -> None:
        if level == self._key:
            return
        self._key = level
        self._cancel("key")
        if level == 0 and self.supplied:
            off = self.life() is Life.OFF
            wait_s = self.presses.on_s if off else self.presses.off_s
            self._after("key", wait_s, self.boot if off else self.stop)

    def reset(self, level: int) -> None:
        if level == self._reset:
            return
        self._reset = level
        self._cancel("reset")
        if level == 0 and self.supplied and self.life() is not Life.OFF:
            self._after("reset", self.presses.reset_s, self._hold_down)
        elif level == 1 and self._held_down:
            self._held_down = False
            self.boot()

    def _hold_down(self) -> None:
        self._held_down = True
        self.die()

    def close(self) -> None:
        for name in list(self._timers):
            self._cancel(name)

    def _after(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, what)

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer:
            timer.cancel()
