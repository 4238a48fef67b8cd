"""Looks at the inputs when one of them changes, and slowly besides; lets the controller know.

Interrupts only wake this task. What they may have missed is seen at the next slow look.
"""

import asyncio

from terminal.controller import DANGER, MOVE_MS, WARNING
from terminal.sensing import GAS_SAMPLES, SAMPLES, Arc, Lasting, gas_percent, rms_amps

_WORKING_MS, _IDLE_MS = 5000, 30000
_SETTLING_MS, _DOUBT_MS = 50, 250
_MEASURE_MS, _LEAK_MS = 5000, 180000  # between measurements with and without an arc
_PRESS_ROUNDS = 2  # of 50 ms: shorter is a bounce
_LONG_MS = 5000
_COOLED_C = 5
_LOOKS = _AGAIN = 3


class Senses:
    """`terminal` is the composition, whose controller is told (see app.py)."""

    def __init__(self, terminal):
        t = self._t = terminal
        self.amps = 0
        self.arc = Arc(t.policy)
        self._bypass = Lasting(_LOOKS)
        self._dark = Lasting(2)
        self._measured = None  # up ms
        self._arc_level = 0
        self._again = 0  # measurements still due: a current that begins is not yet what it will be
        self._held = 0
        self._held_since = 0
        self._hot = False
        self._mains = True
        self.rounds = 0  # for the supervisor: it turns

    async def run(self):
        board = self._t.board
        while True:
            self.rounds += 1
            up = self._t.up_ms()
            self._look(up)
            if self._worth_measuring(up):
                await self._measure()
            up = self._t.up_ms()
            self._t.reports.tell_arc(up)
            self._t.apply(self._t.controller.tick(up, self.arc.burning))
            if self._t.guests:
                self._t.guests.worked(up)
            try:
                await asyncio.wait_for_ms(board.edge.wait(), self._pause(up))
            except asyncio.TimeoutError:
                pass

    def _pause(self, up):
        t = self._t
        if self._held or self._dark.pending or up - t.moved_up < MOVE_MS + _SETTLING_MS:
            return _SETTLING_MS
        if t.controller.doubtful or self._bypass.pending or self._again:
            return _DOUBT_MS
        busy = t.board.relay.driven or self._arc_level
        pause = _WORKING_MS if busy else _IDLE_MS
        due = t.controller.next_up()
        return pause if due is None else max(min(pause, due - up), 0)

    def _look(self, up):
        t, board, controller = self._t, self._t.board, self._t.controller
        self._button(up)
        t.apply(controller.lid(board.lid_open(), up))
        t.apply(controller.contact(board.relay.closed, up))
        gas = gas_percent([board.gas_mv() for _ in range(GAS_SAMPLES)])
        t.apply(controller.gas_level(gas, up))
        self._mains_look(up)
        self._warmth()

    def _button(self, up):
        controller = self._t.controller
        if not self._t.board.pressed():
            self._held = 0
            return
        self._held += 1
        if self._held == 1:
            self._held_since = up
        elif self._held == _PRESS_ROUNDS:
            self._t.uplink.probe()  # somebody waits: is the line alive?
            if self._t.uplink.connecting and not self._t.board.relay.driven:
                self._t.voice.prompt("no-signal")
            self._t.apply(controller.press(up))
        elif self._held > 0 and up - self._held_since >= _LONG_MS:
            self._held = -1 << 30  # once a press
            self._t.apply(controller.long_press(up))

    def _mains_look(self, up):
        """The mains is gone: the capacitor lets us say so, and nothing more."""
        dark = self._dark.feel(not self._t.board.mains(), up)
        if dark and self._mains:
            self._mains, self._t.controller.dark = False, True
            self._t.apply(self._t.controller.pause(up, "mains"))
            self._t.mains_lost()
        elif self._mains is False and self._t.board.mains():
            self._mains, self._t.controller.dark = True, False
            self._t.uplink.back()
            self._t.reports.changed.set()

    def _warmth(self):
        celsius, limit = self._t.board.temperature_c(), self._t.policy.over_temp_c
        self._hot = celsius >= (limit - _COOLED_C if self._hot else limit)
        self._t.reports.alarm("OVER_TEMP", WARNING, self._hot, celsius)

    def _worth_measuring(self, up):
        level = self._t.board.arc_sensed()
        if level != self._arc_level:
            self._arc_level, self._again = level, _AGAIN
        if self._again or self._measured is None or self._bypass.pending:
            return True
        pause = _MEASURE_MS if level or self.arc.burning else _LEAK_MS
        return up - self._measured >= pause

    async def _measure(self):
        board = self._t.board
        self._again = max(self._again - 1, 0)
        samples = []
        for _ in range(SAMPLES):
            samples.append(board.current_mv())
            await asyncio.sleep_ms(1)
        up = self._measured = self._t.up_ms()
        self.amps = int(rms_amps(samples) + 0.5)
        if self.arc.feel(self.amps):
            self._t.reports.arc_news = True
        self._look_for_bypass(up)

    def _look_for_bypass(self, up):
        """Current with the relay open. A contact in a thermal loop leaves the machine's idle
        current flowing, so there only an arc counts."""
        t = self._t
        thermal = t.identity.hardware == "thermal"
        limit = t.policy.arc_on_a if thermal else t.policy.bypass_a
        settled = not t.board.relay.driven and up - t.moved_up > MOVE_MS
        found = self._bypass.feel(settled and self.amps >= limit, up)
        if found or not settled or self.amps < limit:
            t.reports.alarm("BYPASS", DANGER, found, self.amps if found else None)
