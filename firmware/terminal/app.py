"""Composition: makes the parts, starts and watches the tasks, carries commands to the controller
and the controller's effects to the parts."""

import asyncio
from binascii import hexlify

from terminal import VERSION, mac, messages, settings
from terminal.authority import Authority
from terminal.controller import MOVE_MS, WORKING, Controller
from terminal.memory import Memory
from terminal.modem.chat import Chat
from terminal.modem.simcom import Simcom
from terminal.sensing import SAMPLES, Arc, rms_amps
from terminal.supervisor import Supervisor
from terminal.uplink import Uplink
from terminal.voice import Voice

_HARDWARE = "a7670"
_MOVING = ("switch", "lock")  # what moves the relay is answered when it has moved
_FULL_BEAT_MS = 3600000
_SENSE_MS = 250
_PRESS_ROUNDS = 2  # of 50 ms: shorter is a bounce
_TICK_MS = 50
_SIGNAL_MS = 36000
_UNPROVEN = ("bad-mac", "malformed")  # said of what need not come from the cloud at all


class Terminal:
    def __init__(self, board):
        self.board = board
        identity = settings.identity(board.store)
        self.policy = settings.Policy()
        self.memory = Memory(board.store)
        epoch = hexlify(board.random(8)).decode()
        self.authority = Authority(identity.device, identity.secret, epoch, self.memory.unlocked_n)
        self.controller = Controller(
            self.policy.lease_max_s, self.memory.ended, self.memory.locked
        )
        self.chat = Chat(board.serial())
        self.modem = Simcom(self.chat, board, identity.apn)
        self.voice = Voice(self.modem.speak)
        password = hexlify(mac.derive(identity.secret, "mqtt")).decode()
        self.uplink = Uplink(
            self.modem,
            identity,
            password,
            self.policy.keepalive_s,
            board.random,
            self._greeting,
            self._last_will,
            self._down,
        )
        self.arc = Arc(self.policy.arc_on_a, self.policy.arc_off_a)
        self._arc_news = False
        self._arc_told = 0
        self._arc_job = None
        self.amps = 0
        self.rssi = 99
        self._moving = []  # ids of switch commands whose relay is on its way
        self._beats = 0
        self._full_beat_up = None
        self._beat_now = asyncio.Event()

    async def run(self):
        supervisor = Supervisor(self.board, lambda: self.uplink.connecting)
        supervisor.watch("modem", self.chat.run)
        supervisor.watch("uplink", self.uplink.run)
        supervisor.watch("voice", self.voice.run)
        supervisor.watch("beat", self._beat)
        supervisor.watch("sense", self._sense)
        supervisor.watch("signal", self._signal)
        supervisor.watch("tick", self._tick)
        await supervisor.run()

    # commands ------------------------------------------------------------------

    def _down(self, body):
        """One message from the cloud. Runs to the relay without a pause."""
        try:
            command = messages.read_command(body)
        except messages.Malformed as error:
            print("hanma malformed", error)
            if error.id:
                self._reply(error.id, "", "malformed", False)
            return
        refusal = self.authority.judge(command, self.up_ms(), self.controller.job)
        proven = refusal not in _UNPROVEN
        if proven and self._said_before(command.id):
            return
        if not refusal:
            refusal = self._obey(command)
        if refusal or command.name not in _MOVING:
            self._reply(command.id, command.name, refusal, proven)
        else:
            self._moving.append(command.id)
            asyncio.create_task(self._reply_when_moved(command))

    def _said_before(self, id):
        """The same command again gets the first answer, or waits for it with the first."""
        known = self.authority.answered(id)
        if known:
            self.uplink.offer(known)
        return known or id in self._moving

    def _obey(self, command):
        """Does what the command says; '' or the word of refusal."""
        content, up, own_words = command.content, self.up_ms(), None
        if command.name == "switch" and command.code == "1":
            refusal, effects = self.controller.on(content.get("job"), content.get("lease_s"), up)
            own_words = content.get("say")
        elif command.name == "switch" and command.code == "0":
            refusal, effects = self.controller.off(content.get("job"), up)
        elif command.name == "lock":
            refusal, effects = self.controller.lock(up)
        elif command.name == "unlock":
            refusal, effects = self.controller.unlock(up)
            self.memory.unlocked_n = self.authority.unlocked_n
        elif command.name == "say":
            return self._say(content.get("say"))
        elif command.name == "alive":
            return ""
        else:
            return "unsupported"
        self._apply(effects, own_words)
        return refusal

    def _say(self, text):
        if not _speakable(text):
            return "malformed"
        self.voice.say(text)
        return ""

    async def _reply_when_moved(self, command):
        """Answers when the relay's own contact has followed, or something else came first."""
        wanted = self.board.relay.driven
        moved = await self._moved(wanted)
        self._moving.remove(command.id)
        refusal = ""
        if self.board.relay.driven != wanted:  # an ON was overtaken by an OFF, or the reverse
            refusal = "ended" if wanted else ""
        elif not moved:
            self._apply(self.controller.did_not_move(self.up_ms()))
            refusal = "relay-stuck"
        self._reply(command.id, command.name, refusal)

    async def _moved(self, wanted):
        relay = self.board.relay
        for _ in range(MOVE_MS // 10):
            if relay.closed == wanted or relay.driven != wanted:
                return True
            await asyncio.sleep_ms(10)
        return False

    def _reply(self, id, name, refusal, proven=True):
        """Answers; only what the cloud's own mac proved is remembered, so that nobody else can
        spend a command's id before it comes."""
        up, relay = self.up_ms(), self.board.relay.closed
        result = {
            "relay": relay,
            "mode": self.controller.mode,
            "epoch": self.authority.epoch,
            "up": up,
            "n": self.authority.n,
            "mac": self.authority.receipt(id, up, messages.code_of(refusal), relay),
        }
        answer = messages.answer(id, name, refusal, result, self.authority.now_ms(up))
        if proven:
            self.authority.remember(id, answer)
        self.uplink.offer(answer)

    def _apply(self, effects, own_words=None):
        """Carries out what the controller decided; where the relay opens, that comes first."""
        for effect in effects:
            what = effect[0]
            if what == "relay":
                self.board.relay.close() if effect[1] else self.board.relay.open()
            elif what == "say" and effect[1] == "on" and _speakable(own_words):
                self.voice.say(own_words)
            elif what == "say":
                self.voice.prompt(effect[1])
            elif what == "ended":
                self.memory.ended = effect[1]
            elif what == "lock":
                self.memory.locked = bool(effect[1])
            elif what == "changed":
                self._beat_now.set()

    # tasks ----------------------------------------------------------------------

    async def _tick(self):
        """Button and lease, twenty times a second."""
        held = 0
        while True:
            await asyncio.sleep_ms(_TICK_MS)
            up = self.up_ms()
            self._apply(self.controller.tick(up))
            if self.board.pressed():
                held += 1
                if held == _PRESS_ROUNDS:
                    self._apply(self.controller.press(up))
            else:
                held = 0

    async def _sense(self):
        """Current and contact, four times a second."""
        while True:
            samples = []
            for _ in range(SAMPLES):
                samples.append(self.board.current_mv())
                await asyncio.sleep_ms(1)
            self.amps = int(rms_amps(samples) + 0.5)
            self._arc_news = self.arc.feel(self.amps) or self._arc_news
            self._tell_arc(self.up_ms())
            self._apply(self.controller.contact(self.board.relay.closed, self.up_ms()))
            await asyncio.sleep_ms(_SENSE_MS)

    def _tell_arc(self, up):
        """The first arc of a job is told at once, later changes at most every `arc_beat_s`."""
        first = self.arc.burning and self._arc_job != self.controller.job
        if self._arc_news and (first or up - self._arc_told > self.policy.arc_beat_s * 1000):
            self._arc_news, self._arc_told, self._arc_job = False, up, self.controller.job
            self._beat_now.set()

    async def _signal(self):
        """A slow look at the signal, on its own: a modem that hangs must not blind the senses."""
        while True:
            if not self.uplink.connecting:
                try:
                    self.rssi = await self.modem.signal()
                except OSError:
                    self.rssi = 99
            await asyncio.sleep_ms(_SIGNAL_MS)

    async def _beat(self):
        while True:
            working = self.controller.mode == WORKING
            pause_s = self.policy.beat_working_s if working else self.policy.beat_idle_s
            try:
                await asyncio.wait_for_ms(self._beat_now.wait(), pause_s * 1000)
                changed = True
            except asyncio.TimeoutError:
                changed = False
            if changed:
                await asyncio.sleep_ms(MOVE_MS)  # the contact has settled, the answer is out
            self._beat_now.clear()
            self.uplink.offer(self._heartbeat(changed))

    # what is said of ourselves -----------------------------------------------------

    def up_ms(self):
        return self.board.clock.up_ms()

    def _heartbeat(self, changed):
        up = self.up_ms()
        self._beats += 1
        content = {
            "up": up,
            "mode": self.controller.mode,
            "relay": self.board.relay.closed,
            "amps": self.amps,
            "arc": 1 if self.arc.burning else 0,
            "rssi": self.rssi,
            "seq": self._beats,
        }
        if changed or self._full_beat_up is None or up - self._full_beat_up > _FULL_BEAT_MS:
            self._full_beat_up = up
            content["epoch"] = self.authority.epoch
            content["job"] = self.controller.job
            content["sent"] = self.uplink.sent
            content["rcvd"] = self.uplink.rcvd
        return messages.heartbeat(content)

    def _greeting(self):
        """What follows each connect: who we are and how things stand, under our own mac."""
        up, relay = self.up_ms(), self.board.relay.closed
        content = {
            "fw": VERSION,
            "hw": _HARDWARE,
            "imei": self.modem.imei,
            "iccid": self.modem.iccid,
            "operator": self.modem.operator,
            "boot": self.board.boot_reason(),
            "epoch": self.authority.epoch,
            "conn": self.uplink.conn,
            "up": up,
            "n": self.authority.n,
            "mode": self.controller.mode,
            "relay": relay,
            "job": self.controller.job,
            "mac": self.authority.receipt("00", up, 200, relay),
        }
        return messages.login(content), self._heartbeat(True)

    def _last_will(self):
        return messages.offline(
            {"reason": "will", "epoch": self.authority.epoch, "conn": self.uplink.conn}
        )


def _speakable(text):
    return isinstance(text, str) and 0 < len(text) <= 120


def run(board):
    """Runs for ever; NotProvisioned when the bench has not told this board who it is."""
    asyncio.run(Terminal(board).run())
