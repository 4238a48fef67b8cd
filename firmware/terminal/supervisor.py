"""Watches the tasks, restarts those that die, and alone feeds the watchdog."""

import asyncio
import gc
import sys
import time

WATCHDOG_MS = 30000
_LOOK_MS = 20
_ROUND_MS = 1000
_REPORT_ROUNDS = 5
_RESTART_AFTER_MS = 1000


class Supervisor:
    """`watch(name, make)` keeps the coroutine that `make()` gives alive.

    It also measures how long the loop was held up at worst since the last report: `connecting`
    says whether the time counts as a connect (2 s are allowed) or as steady state (50 ms).
    """

    def __init__(self, board, connecting):
        self._board = board
        self._connecting = connecting
        self.deaths = 0
        self.heap_peak = 0
        self.lag_ms = 0
        self.lag_connect_ms = 0
        self._woke = 0

    def watch(self, name, make):
        asyncio.create_task(self._keep(name, make))

    async def _keep(self, name, make):
        while True:
            try:
                await make()
            except Exception as error:
                sys.print_exception(error)
            self.deaths += 1
            print("hanma task", name, "ended; started again")
            await asyncio.sleep_ms(_RESTART_AFTER_MS)

    async def run(self):
        """Only while this loop turns is the watchdog fed; a held-up loop ends in a restart."""
        self._board.start_watchdog(WATCHDOG_MS)
        self._woke = time.ticks_ms()
        rounds = 0
        while True:
            await self._look(_ROUND_MS // _LOOK_MS)
            gc.collect()
            self.heap_peak = max(self.heap_peak, _heap_used())
            self._board.clock.up_ms()
            self._board.feed_watchdog()
            rounds += 1
            if rounds % _REPORT_ROUNDS == 0:
                self.report()

    async def _look(self, times):
        """From one waking to the next, so that our own collecting and printing count as well."""
        for _ in range(times):
            await asyncio.sleep_ms(_LOOK_MS)
            now = time.ticks_ms()
            lag, self._woke = time.ticks_diff(now, self._woke) - _LOOK_MS, now
            if self._connecting():
                self.lag_connect_ms = max(self.lag_connect_ms, lag)
            else:
                self.lag_ms = max(self.lag_ms, lag)

    def report(self):
        """One line on the console about the time since the last one; bench and tests read it."""
        print(
            "hanma watch heap_kb=%d lag_ms=%d lag_connect_ms=%d deaths=%d"
            % ((self.heap_peak + 1023) // 1024, self.lag_ms, self.lag_connect_ms, self.deaths)
        )
        self.lag_ms = self.lag_connect_ms = 0


def _heap_used():
    alloc = getattr(gc, "mem_alloc", None)  # CPython, for debugging, has none
    return alloc() if alloc else 0
