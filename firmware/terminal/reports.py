"""What the terminal says of itself: log-in, heartbeat, position, alarms, journal, last words."""

import asyncio

from terminal import VERSION, messages
from terminal.alarms import Alarms
from terminal.budget import Budget
from terminal.controller import MOVE_MS, WARNING, WORKING
from terminal.dialect import EVENT
from terminal.plain import is_count
from terminal.sensing import Lasting
from terminal.unload import unload

_FULL_BEAT_MS = 3600000
_SIGNAL_MS = 180000
_CLOCK_LOOKS = 20  # of the signal, between two questions for the network's time
_NTP_HOST, _NTP_LOOKS = "ntp.aliyun.com", 20
_WEAK_MS = 600000
_STORED_MS = 30000  # patience for the cloud's word that a batch is in its book
_BATCH = 1400
_PATIENCE_MS, _PATIENCE_MAX_MS = 60000, 3600000
_KEEP_MS = 3600000  # how often the count of bytes goes to flash


class Reports:
    """`terminal` is the composition, whose state is told (see app.py)."""

    def __init__(self, terminal):
        t = self._t = terminal
        self.alarms = Alarms(t.note)
        self.rssi = 99
        self.arc_news = False
        self._arc_told = 0
        self._arc_job = None
        self.beats = 0
        self._full_beat_up = None
        self.changed = asyncio.Event()  # set by whoever wants a heartbeat now
        self.locate = asyncio.Event()  # … the position told
        self.noted = asyncio.Event()  # there is something new in the journal
        self.stored = asyncio.Event()  # the cloud has a batch in its book
        self._weak = Lasting(ms=_WEAK_MS)
        number = t.memory.number
        self._budget = Budget(t.policy, number("data"), number("data_from"))
        self._kept_up = 0
        self.journal_rounds = self.signal_rounds = 0  # for the supervisor: they turn
        self._patience_ms = _PATIENCE_MS  # with a cloud that stores nothing
        self._alarms_up = 0

    # tasks ------------------------------------------------------------------------

    async def beat(self):
        t = self._t
        while True:
            try:
                await asyncio.wait_for_ms(self.changed.wait(), self._pause_s() * 1000)
                changed = True
            except asyncio.TimeoutError:
                changed = False
            if changed:
                await asyncio.sleep_ms(MOVE_MS)  # the contact has settled, the answer is out
            self.changed.clear()
            if t.uplink.leaving():
                continue
            t.uplink.offer(self.heartbeat(changed), light=not changed)
            self._tell_alarms()
            self._count()

    def _pause_s(self):
        t = self._t
        working = t.controller.mode == WORKING
        pause_s = t.policy.beat_working_s if working else t.policy.beat_idle_s
        return pause_s * self._budget.slowdown(t.earliest_ms())

    async def signal(self):
        """A slow look at the signal, on its own: a modem that hangs must not blind the senses."""
        t = self._t
        looks = 0
        while True:
            self.signal_rounds += 1
            if not t.uplink.connecting:
                try:
                    self.rssi = await t.modem.signal()
                except OSError:
                    self.rssi = 99
                weak = self.rssi != 99 and self.rssi < t.policy.low_signal
                self.alarm("LOW_SIGNAL", WARNING, self._weak.feel(weak, t.up_ms()))
                if looks % _CLOCK_LOOKS == 0 or t.now_ms() is None:
                    await self._set_clock()
                looks += 1
            await asyncio.sleep_ms(_SIGNAL_MS)

    async def _set_clock(self):
        """The network's time dates the journal; the cloud's own word is asked for besides."""
        t = self._t
        try:
            now_ms = await t.modem.clock_ms()
        except OSError:
            return
        if not now_ms and t.now_ms() is None and self.signal_rounds % _NTP_LOOKS == 1:
            now_ms = await self._ask_server()
        if now_ms:
            t.time.network(now_ms, t.up_ms())

    async def _ask_server(self):
        from terminal.modem import ntp

        unload("modem.ntp")  # seldom needed: heap
        host = self._t.memory.text("ntp") or _NTP_HOST
        try:
            return await ntp.ask(self._t.modem, host)
        except OSError:
            return 0

    async def position(self):
        """After power-on, every `position_s`, and on request."""
        t = self._t
        while True:
            await t.uplink.on_line.wait()
            try:
                lat, lng, accuracy = await t.modem.locate()
                content = {"lat": lat / 1000000, "lng": lng / 1000000, "datum": "WGS84"}
                content.update({"source": "lbs", "accuracy": accuracy})
                if t.now_ms():
                    content["at"] = t.now_ms()
                t.uplink.offer(messages.annex("EF", content))
                pause_s = t.policy.position_s
            except OSError:
                pause_s = 600
            self.locate.clear()
            try:
                await asyncio.wait_for_ms(self.locate.wait(), pause_s * 1000)
            except asyncio.TimeoutError:
                pass

    async def journal(self):
        """Carries the journal to the cloud, batch after batch; what is not said to be stored in
        time is sent again."""
        t = self._t
        while True:
            self.journal_rounds += 1
            waited_ms = 0
            while not self.noted.is_set() and waited_ms < self._patience_ms:
                try:
                    await asyncio.wait_for_ms(self.noted.wait(), _PATIENCE_MS)
                except asyncio.TimeoutError:
                    waited_ms += _PATIENCE_MS
                    self.journal_rounds += 1
            self.noted.clear()
            t.journal.flush()
            self.alarm("JOURNAL_FULL", WARNING, t.journal.full, t.journal.dropped)
            while not t.uplink.connecting and await self._send_batch():
                pass

    async def _send_batch(self):
        """Whether there may be more to send."""
        t = self._t
        if t.uplink.leaving():
            return False
        paras = t.journal.parcel(t.identity.device, t.authority.receipt_key, _BATCH)
        if not paras:
            return False
        self.stored.clear()
        t.uplink.offer(messages.event("journal", "entries", paras), EVENT)
        t.journal.sent(paras["to"])
        try:
            await asyncio.wait_for_ms(self.stored.wait(), _STORED_MS)
        except asyncio.TimeoutError:
            t.journal.rewind(t.journal.stored_to + 1)
            self._patience_ms = min(self._patience_ms * 2, _PATIENCE_MAX_MS)
            return False
        self._patience_ms = _PATIENCE_MS
        return True

    # what others ask for ----------------------------------------------------------

    def rewind(self, seq):
        """Sends the journal again from there; '' or the word of refusal."""
        if not is_count(seq):
            return "malformed"
        self._t.journal.rewind(seq)
        self.noted.set()
        return ""

    def tell_arc(self, up):
        """The first arc of a job is told at once, later changes at most every `arc_beat_s`."""
        t = self._t
        first = t.senses.arc.burning and self._arc_job != t.controller.job
        late = up - self._arc_told > t.policy.arc_beat_s * 1000
        if self.arc_news and (first or late):
            self.arc_news, self._arc_told, self._arc_job = False, up, t.controller.job
            self.changed.set()

    def alarm(self, name, level, on, detail=None):
        content = self.alarms.set(name, level, bool(on), detail)
        if content:
            self._t.uplink.offer(self._alarm(content))

    def farewell(self, reason):
        """The last words before a planned stop, or from the hold-up capacitor."""
        t = self._t
        more = {"tamper": 1} if t.controller.tampered else {}
        t.uplink.last(self._off_line(reason, more))

    # what is said -----------------------------------------------------------------

    def heartbeat(self, changed):
        t, up = self._t, self._t.up_ms()
        self.beats += 1
        content = {
            "up": up,
            "mode": t.controller.mode,
            "relay": t.board.relay.closed,
            "amps": t.senses.amps,
            "rssi": self.rssi,
            "seq": self.beats,
        }
        if self._budget.slowdown(t.earliest_ms()) > 1:
            content["next_s"] = self._pause_s()  # else the cloud would take us for gone
        if changed or self._full_beat_up is None or up - self._full_beat_up > _FULL_BEAT_MS:
            self._full_beat_up = up
            content["arc"] = 1 if t.senses.arc.burning else 0
            content["epoch"] = t.authority.epoch
            content["job"] = t.controller.job
            content["sent"] = t.modem.wire_sent
            content["rcvd"] = t.modem.wire_rcvd
        return messages.annex("FF", content)

    def greeting(self):
        """What follows each connect: who we are and how things stand, under our own mac."""
        t = self._t
        content = {
            "fw": VERSION,
            "hw": t.identity.modem,
            "kind": t.identity.hardware,
            "imei": t.modem.imei,
            "iccid": t.modem.iccid,
            "operator": t.modem.operator,
            "boot": t.boot_word,
            "conn": t.uplink.conn,
            "mode": t.controller.mode,
            "job": t.controller.job,
            "policy": t.policy.version,
            "ladder": list(t.modem.ladder),
        }
        content.update(t.authority.standing("00", t.up_ms(), 200, t.board.relay.closed))
        if not t.identity.signed:
            content["signed"] = 0
        alarms = [self._alarm(c) for c in self.alarms.untold(t.journal.stored_to)]
        self.noted.set()
        return [messages.annex("00", content), self.heartbeat(True)] + alarms

    def last_will(self):
        return self._off_line("will", {})

    def _off_line(self, reason, more):
        t = self._t
        more.update({"reason": reason, "epoch": t.authority.epoch, "conn": t.uplink.conn})
        return messages.annex("Z0", more)

    def _tell_alarms(self):
        up = self._t.up_ms()
        if up - self._alarms_up < self._patience_ms:
            return
        self._alarms_up = up
        for content in self.alarms.untold(self._t.journal.stored_to):
            self._t.uplink.offer(self._alarm(content))

    def _alarm(self, content):
        at_ms = self._t.now_ms()
        return messages.annex("E0", dict(content, at=at_ms) if at_ms else content)

    def _count(self):
        t, up = self._t, self._t.up_ms()
        self._budget.count(t.modem.wire_sent + t.modem.wire_rcvd, t.now_ms() or 0)
        if up - self._kept_up > _KEEP_MS:
            self._kept_up = up
            t.memory.set_number("data", self._budget.used)
            t.memory.set_number("data_from", self._budget.from_ms)
