"""Watches the tasks, restarts those that die or hang, and alone feeds the watchdog."""

import asyncio
import gc
import sys
import time

WATCHDOG_MS = 30000
_LOOK_MS = 20
_ROUND_MS = 1000
_BRIEF_MS = 300  # a round when something has come from outside
_QUIET_MS = 10000  # and one in which nothing does
_REPORT_ROUNDS = 5
_SELDOM_ROUNDS = 12
_BEGIN_MS = 60000  # after a start everything is looked at closely
_PAUSE_MS, _DOUBLINGS = 1000, 6  # before a dead task is started again, each time twice as long
_ENOUGH = 8  # deaths in a row: then only a restart of everything may help
_WELL_MS = 600000  # a task that lived so long begins its row of deaths anew


class _Watched:
    def __init__(self, name, make, limit_ms, rounds, vital):
        self.name, self.make, self.vital = name, make, vital
        self.limit_ms, self.rounds = limit_ms, rounds
        self.task = None
        self.born = self.seen_up = self.deaths = 0
        self.seen = None
        self.runs = self.hung = False


class Supervisor:
    """`watch(name, make)` keeps the coroutine that `make()` gives alive.

    A task given `limit_ms` and `rounds` checks in by making the number that `rounds()` gives
    change; one that has not for `limit_ms` hangs: it is cancelled and counts as dead. After eight
    deaths in a row, or where cancelling did not help, `give_up(name)` is called once, for the
    relay's sake not while it is closed unless the task is `vital`; from then on the watchdog
    starves. `died(name, why)` is told each death.

    It also measures how long the loop was held up at worst since the last report: `connecting`
    says whether the time counts as a connect (2 s are allowed) or as steady state (50 ms). Where
    the board has `stirred`, an event set by whatever comes from outside, it looks only while that
    happens: a loop in which everybody sleeps cannot be held up, and a month has many quiet hours.
    `look_ms`: how often; nothing is noticed later for it but a hold-up.
    """

    def __init__(self, board, connecting, died=None, give_up=None, look_ms=_LOOK_MS):
        self._board = board
        self._connecting = connecting
        self._died, self._give_up = died, give_up
        self._look_ms = look_ms
        self._tasks = []
        self._tired = None  # the task that only a restart of everything may help
        self.deaths = 0
        self.heap = 0  # in use after the last collection
        self.lag_ms = 0
        self.lag_connect_ms = 0
        self._woke = 0

    def watch(self, name, make, limit_ms=0, rounds=None, vital=False):
        watched = _Watched(name, make, limit_ms, rounds, vital)
        self._tasks.append(watched)
        watched.task = asyncio.create_task(self._keep(watched))

    async def _keep(self, watched):
        while True:
            watched.born = watched.seen_up = self._up()
            watched.runs, watched.hung, why = True, False, "ended"
            try:
                await watched.make()
            except asyncio.CancelledError:
                if not watched.hung:
                    raise
                why = "hung"
            except Exception as error:
                sys.print_exception(error)
                why = _said(error)
            watched.runs = False
            self._count(watched, why)
            await asyncio.sleep_ms(_PAUSE_MS << min(watched.deaths - 1, _DOUBLINGS))

    def _count(self, watched, why):
        if self._up() - watched.born >= _WELL_MS:
            watched.deaths = 0
        watched.deaths += 1
        self.deaths += 1
        print("hanma task", watched.name, why, "; started again")
        if watched.deaths >= _ENOUGH:
            self._tired = watched
        if self._died:
            self._died(watched.name, why)

    def _stray(self, loop, context):
        """A task that nobody watches died."""
        error = context.get("exception")
        if error:
            sys.print_exception(error)
            self.deaths += 1
            if self._died:
                self._died("stray", _said(error))

    async def run(self):
        """Only while this loop turns is the watchdog fed; a held-up loop ends in a restart."""
        self._board.start_watchdog(WATCHDOG_MS)
        asyncio.get_event_loop().set_exception_handler(self._stray)
        self._woke = time.ticks_ms()
        began, rounds = self._up(), 0
        while True:
            seldom = hasattr(self._board, "stirred") and self._up() - began > _BEGIN_MS
            if seldom and self._quiet():
                await self._wait()
            else:
                round_ms = _BRIEF_MS if seldom else _ROUND_MS
                await self._look(max(round_ms // self._look_ms, 1))
            up = self._up()
            for watched in self._tasks:
                self._check(watched, up)
            if not self._leave():
                self._board.feed_watchdog()
            rounds += 1
            if rounds >= (_SELDOM_ROUNDS if seldom else _REPORT_ROUNDS):
                rounds = 0
                gc.collect()
                self.heap = _heap_used()
                self.report()

    def _quiet(self):
        quiet = not self._board.stirred.is_set()
        self._board.stirred.clear()
        return quiet

    async def _wait(self):
        try:
            await asyncio.wait_for_ms(self._board.stirred.wait(), _QUIET_MS)
        except asyncio.TimeoutError:
            pass
        self._woke = time.ticks_ms()

    def _check(self, watched, up):
        if not watched.rounds or not watched.runs:
            return
        rounds = watched.rounds()
        if rounds != watched.seen:
            watched.seen, watched.seen_up = rounds, up
        elif up - watched.seen_up > watched.limit_ms:
            if watched.hung:  # it did not let itself be cancelled
                self._tired = watched
            watched.hung, watched.seen_up = True, up
            watched.task.cancel()

    def _leave(self):
        """True when the end has come: whoever was asked to restart us must be quick about it."""
        watched = self._tired
        if not watched or not self._give_up:
            return False
        if self._give_up is not _asked and (watched.vital or not self._board.relay.driven):
            give_up, self._give_up = self._give_up, _asked
            give_up(watched.name)
        return self._give_up is _asked

    async def _look(self, times):
        """From one waking to the next, so that our own collecting and printing count as well."""
        for _ in range(times):
            await asyncio.sleep_ms(self._look_ms)
            now = time.ticks_ms()
            lag, self._woke = time.ticks_diff(now, self._woke) - self._look_ms, now
            if self._connecting():
                self.lag_connect_ms = max(self.lag_connect_ms, lag)
            else:
                self.lag_ms = max(self.lag_ms, lag)

    def report(self):
        """One line on the console about the time since the last one; bench and tests read it."""
        print(
            "hanma watch heap_kb=%d lag_ms=%d lag_connect_ms=%d deaths=%d"
            % ((self.heap + 1023) // 1024, self.lag_ms, self.lag_connect_ms, self.deaths)
        )
        self.lag_ms = self.lag_connect_ms = 0

    def _up(self):
        return self._board.clock.up_ms()


def _asked(name):
    """Stands in `give_up`'s place when it was called."""


def _said(error):
    return "%s: %s" % (type(error).__name__, error)


def _heap_used():
    alloc = getattr(gc, "mem_alloc", None)  # CPython, for debugging, has none
    return alloc() if alloc else 0
