"""Composition: makes the parts, starts and watches the tasks, and carries the controller's
effects to the parts."""

import asyncio
from binascii import hexlify

from terminal import VERSION, dialect, messages
from terminal.authority import Authority
from terminal.controller import Controller
from terminal.dialect import EVENT
from terminal.emergency import Emergency
from terminal.journal import Journal
from terminal.memory import Memory
from terminal.modem import choose
from terminal.modem.chat import Chat
from terminal.nearby import Nearby
from terminal.orders import Orders, speakable
from terminal.plain import is_count
from terminal.policy import Policy
from terminal.reports import Reports
from terminal.senses import Senses
from terminal.supervisor import Supervisor
from terminal.timekeeper import Timekeeper
from terminal.unload import unload
from terminal.uplink import Uplink
from terminal.voice import Speaker, Voice

_FAREWELL_MS = 1500
_WELL_MS = 60000  # after so long a start has gone well


class Terminal:
    """The parts and what they have in common; orders, reports and senses work on it."""

    def __init__(self, board):
        from terminal import settings, starts  # for this moment alone: heap

        self.board = board
        identity = self.identity = settings.identity(board.store)
        memory = self.memory = Memory(board.store)
        self.policy = Policy(memory.policy)
        self.time = Timekeeper(memory.number("time"))
        epoch = hexlify(board.random(8)).decode()
        self.authority = Authority(
            identity.device, identity.secret, epoch, memory.number("unlocked"), identity.signed
        )
        self.guests = None
        number = memory.number
        self.emergency = Emergency(self.policy, number("spent"), number("released"))
        self.controller = Controller(
            self.policy,
            self.emergency,
            memory.ended,
            number("locked"),
            number("tampered"),
            board.pressed(),  # held at power-up: service
            number("sensed"),
        )
        start, self._started = starts.begin(board.store, board.boot_reason())
        unload("settings")
        self.boot_word = self._started["reason"]
        self.journal = Journal(board.folder + "journal", board.random, start)
        self.moved_up = 0
        self._asked = None  # `up` of the question for the time that waits for its answer
        self._make_talkers(identity, epoch)

    def _make_talkers(self, identity, epoch):
        board = self.board
        self.chat = Chat(board.serial())
        self.modem = choose(identity.modem)(self.chat, board, identity.apn)
        speaker = Speaker(self.modem, board)
        self.voice = Voice(speaker.speak, speaker.hush)
        self.reports = Reports(self)
        self.orders = Orders(self)
        self.senses = Senses(self)
        self.uplink = Uplink(
            self.modem,
            identity,
            dialect.by_name(identity.dialect, identity.device, identity.secret),
            self.policy,
            board.random,
            self.reports.greeting,
            self.reports.last_will,
            self.orders.down,
            self.earliest_ms,
        )
        self._releases = None
        self._offered = asyncio.Event()
        self.nearby = Nearby(
            board.radio,
            identity.device[:26].encode(),
            self.receive,
        )

    async def run(self):
        from terminal import starts

        self.note("boot", dict(self._started, fw=VERSION))
        if self.journal.flush():
            starts.told(self.board.store)
        unload("starts")
        supervisor = Supervisor(
            self.board,
            lambda: self.uplink.connecting,
            self._died,
            lambda name: asyncio.create_task(self.restart("task " + name)),
        )
        watch, reports = supervisor.watch, self.reports
        watch("senses", self.senses.run, 120000, lambda: self.senses.rounds, True)
        watch("modem", self.chat.run)
        watch("nearby", self.nearby.run)
        watch("releases", self._look_after_releases)
        watch("uplink", self.uplink.run, 1800000, lambda: self.uplink.rounds)
        watch("voice", self.voice.run)
        watch("beat", reports.beat, 3600000, lambda: reports.beats)
        watch("journal", reports.journal, 600000, lambda: reports.journal_rounds)
        watch("signal", reports.signal, 600000, lambda: reports.signal_rounds)
        watch("position", reports.position)
        await supervisor.run()

    # what the parts ask of each other ---------------------------------------------

    def up_ms(self):
        return self.board.clock.up_ms()

    def earliest_ms(self):
        """The earliest possible now, epoch ms; 0 = not even that is known."""
        return self.time.now(self.up_ms())

    def now_ms(self):
        """Epoch ms, or None while nobody has said it in this boot."""
        return self.time.known(self.up_ms())

    def receive(self):
        """What answers the phones that come near; stays from the first one on."""
        if not self.guests:
            from terminal.guests import Guests

            self.guests = Guests(self)
        guests = self.guests
        return guests.ticket, guests.state, guests.identity, guests.carry, guests.carried

    def heard(self, up):
        """Contact: a fresh good mac from the cloud, or a good ticket."""
        self.apply(self.controller.heard(up))
        if self.emergency.on:
            self.board.edge.set()

    def told_time(self, at_ms, up, fresh=True):
        """A time under a good mac. What moves our clock by more than ten minutes is noted: entries
        above it are dated by another time."""
        was = self.now_ms()
        if self.time.told(at_ms, up, fresh):
            self.memory.set_number("time", self.time.kept_ms)
        if was and abs(self.now_ms() - was) > 600000:
            self.note("clock", {"was": was}, False)

    def note(self, kind, fields, critical=True):
        """Writes a journal entry and gives its number."""
        seq = self.journal.add(kind, self.up_ms(), self.now_ms(), critical, **fields)
        self.reports.noted.set()
        return seq

    def apply(self, effects, own_words=None):
        """Carries out what the controller decided; where the relay opens, that comes first."""
        for effect in effects:
            what = effect[0]
            if what == "relay":
                self._drive(effect[1])
            elif what == "say" and effect[1] == "on" and speakable(own_words):
                self.voice.say(own_words)
            elif what == "say":
                self.voice.prompt(effect[1])
            elif what == "changed":
                self.reports.changed.set()
            elif what == "note":
                self.note(effect[1], effect[2])
            elif what == "alarm":
                self.reports.alarm(*effect[1:])
            elif what == "ask":
                self._ask_time()
            else:
                self._remember(what, effect[1])

    def _drive(self, closed):
        self.board.relay.close() if closed else self.board.relay.open()
        self.moved_up = self.up_ms()
        self.board.edge.set()  # the contact is to be looked at

    def _remember(self, what, value):
        if what == "ended":
            self.memory.ended = value
        else:  # locked, tampered, sensed, released: 0 or 1; spent: minutes
            self.memory.set_number(what, value)

    def new_policy(self, content):
        """'' or the word of refusal; kept before it is answered."""
        refusal = self.policy.take(content, self.memory.keep_policy)
        if refusal:
            return refusal
        if self.policy.refill != self.memory.number("refill"):
            self.memory.set_number("spent", 0)
            self.memory.set_number("refill", self.policy.refill)
            self.emergency.refill()
        self.reports.changed.set()
        return ""

    # what the cloud tells ---------------------------------------------------------

    def told(self, event):
        """An event from the cloud; whether it was good where that can be said."""
        if event.service == "$ota":
            return self.releases.told(event.type, event.paras)
        call = _TOLD.get((event.service, event.type))
        return call(self, event.paras) if call else False

    def _ask_time(self):
        self._asked = self.up_ms()
        paras = {"device_send_time": self._asked}
        self.uplink.offer(messages.event("$time_sync", "time_sync_request", paras), EVENT)

    def _told_time(self, paras):
        """An answer to our own question under a good mac is contact."""
        times = [paras.get(name) for name in ("device_send_time", "server_recv_time")]
        times.append(paras.get("server_send_time"))
        if self._asked is None or times[0] != self._asked:
            return
        if not all([is_count(value) for value in times]):
            return
        text = "%s|time_sync|%d|%d|%d" % (self.identity.device, times[0], times[1], times[2])
        if self.authority.good(text, paras.get("mac")):
            self._asked, up = None, self.up_ms()
            self.heard(up)
            self.told_time(times[2], up)
            self.board.edge.set()

    def _told_stored(self, paras):
        log, to = paras.get("log"), paras.get("to")
        if not isinstance(log, str) or not is_count(to):
            return False
        text = "%s|stored|%s|%d" % (self.identity.device, log, to)  # docs/journal.md
        if not self.authority.good(text, paras.get("mac")):
            return False
        if self.journal.stored(log, to):  # else an old word said again, which is no contact
            self.heard(self.up_ms())
        self.reports.stored.set()
        return True

    # upgrades ---------------------------------------------------------------------

    @property
    def releases(self):
        """What upgrades this terminal; large, and loaded only when there is something: heap."""
        if not self._releases:
            from terminal.releases import of_application

            self._releases = of_application(self)
            self._offered.set()
        return self._releases

    async def _look_after_releases(self):
        boots = self.board.boots
        if not boots.on_trial and not boots.pending():
            await asyncio.sleep_ms(_WELL_MS)
            boots.good()
            await self._offered.wait()
        checks = [
            ("relay", lambda: self.board.relay.closed == self.board.relay.driven),
            ("journal", self.journal.flush),
            ("contact", lambda: bool(self.modem.imei) or self.nearby.met),
        ]
        await self.releases.run(self.uplink.on_line, checks)

    # ends -------------------------------------------------------------------------

    def mains_lost(self):
        """From the hold-up capacitor: what must not be lost goes to flash and to the cloud."""
        self.reports.farewell("power")
        self.journal.flush()

    def _died(self, name, why):
        self.note("task", {"name": name, "why": why}, False)

    async def restart(self, reason):
        """After the answer that announced it is out."""
        self.apply(self.controller.pause(self.up_ms(), "restart"))
        try:
            self.reports.farewell(reason)
            self.journal.flush()
            from terminal import starts

            starts.leaving(self.board.store, reason[:20])
        except Exception as error:  # no memory, a bad file: it restarts all the same
            print("hanma restart", error)
        await asyncio.sleep_ms(_FAREWELL_MS)
        try:
            if not reason.startswith("task"):
                self.board.boots.good()  # it is meant, and none of the bad starts
        finally:
            self.board.restart()


_TOLD = {
    ("$time_sync", "time_sync_response"): Terminal._told_time,
    ("journal", "stored"): Terminal._told_stored,
}


def run(board):
    """Runs for ever; NotProvisioned when the bench has not told this board who it is."""
    asyncio.run(Terminal(board).run())
