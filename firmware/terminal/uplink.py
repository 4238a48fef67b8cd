"""The MQTT session over the modem's socket: one door in, one door out, one door for recovery.

Every surprise is an OSError and leads back to `run`, which opens everything again. Alive is
judged by bytes received, never by writes that seemed to work (after P. Hinch's mqtt_as).
"""

import asyncio
import sys
import time

from micropython import const

from terminal.dialect import ANNEX
from terminal.mqtt import CONNACK, PINGRESP, PUBACK, SUBACK, Codec

_ANSWER_MS = const(20000)
_LOOK_MS = const(120000)  # without a note from the modem we look for bytes ourselves
_LOGIN, _PING = "log-in", "ping"
_BACKOFF_MS = (1000, 2000, 5000, 10000, 20000, 40000, 60000)
# How much of the modem is torn down after so many failures; then the last round again and again:
# a cloud that is away for a day must not cost a thousand restarts of the modem.
_DEPTHS = (0, 0, 1, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 3)
_ROUND = const(11)
_PROBE_MS = const(12000)  # for the answer of a link that stood: slow air has six seconds of it
_STEADY_MS = const(20000)
_QUIET = const(700)  # ms a second of keepalive: longer than between idle heartbeats
_QUEUED = const(8)
_LAST_MS = const(30000)
_SILENCE_MS = const(200000)  # after so long without a byte a light message, too, is acknowledged


class NoAnswer(OSError):
    """The broker did not answer in time, or said no."""


class Uplink:
    """`greet()` gives the log-in bodies after each connect; `will()` the last will; `now()` the
    time in epoch ms, 0 = not known.

    `down(id, body)` is called for each message from the cloud, with the command id where the
    topic carries it; it must not block.
    """

    def __init__(self, modem, identity, dialect, policy, random, greet, will, down, now):
        self._modem = modem
        self._identity = identity
        self._dialect = dialect
        self._policy = policy
        self._random = random
        self._greet = greet
        self._will = will
        self._down = down
        self._now = now
        self._queue = []
        self._more = asyncio.Event()
        self._acks = {}
        self._socket = None
        self._broken = False
        self._failures = 0
        self._opened = None
        self._probe = False
        self._server = 0  # which of them is next; the one that let us in last stays it
        modem.changed = self.probe
        self._heard = 0
        self._last = self._left = None  # the last words, and when
        self.connecting = True
        self.on_line = asyncio.Event()
        self.conn = 0
        self.rounds = 0  # for the supervisor: it turns

    def offer(self, body, kind=ANNEX, id="", light=False):
        """Queues one message; what does not fit drops the oldest. Not sent off-line: the log-in
        and heartbeat after the next connect say how things are then. A light one is sent without
        waiting for an acknowledgement, while others show that the line is alive."""
        if self.connecting:
            return
        self._queue.append((self._dialect.topic(kind, id), body, light))
        del self._queue[:-_QUEUED]
        if self.leaving():
            self._queue.append(self._last)
        self._more.set()

    def last(self, body):
        """The last words before the power is gone: before all else that waits, and once more after
        whatever follows in the next half minute, or the cloud would think we are back."""
        if not self.connecting:
            self._last, self._left = (self._dialect.topic(ANNEX), body, False), time.ticks_ms()
            self._queue = [self._last] + (self._queue and self._queue + [self._last])
            self._more.set()

    def leaving(self):
        """Whether the last words were just said: nothing that can wait is to follow them."""
        left = self._left
        return left is not None and time.ticks_diff(time.ticks_ms(), left) < _LAST_MS

    def back(self):
        """The power is there again."""
        self._left = None

    def probe(self):
        """Asks the broker for a sign of life at once: the link may be dead without a note. To be
        called where somebody waits for it: button, phone, a cell found again."""
        self._probe = True
        self._more.set()

    # ------------------------------------------------------------------------

    async def run(self):
        while True:
            self.rounds += 1
            try:
                await self._modem.ready(_depth(self._failures))
                await self._session()
            except OSError as error:
                print("hanma uplink", error)
            except Exception as error:  # a fault of ours is a lost link, too
                sys.print_exception(error)
            finally:
                self.connecting = True
                self.on_line.clear()
            if self._steady():
                self._failures = 0
            await self._drop()
            pause = _BACKOFF_MS[min(self._failures, len(_BACKOFF_MS) - 1)]
            self._failures += 1
            await asyncio.sleep_ms(pause // 2 + self._random(1)[0] * pause // 256)

    def _steady(self):
        """Whether the link that was lost had stood long enough for the trouble to be new. Two
        that keep displacing each other, or a flapping cell, must not dial every second."""
        opened, self._opened = self._opened, None
        return opened is not None and time.ticks_diff(time.ticks_ms(), opened) > _STEADY_MS

    async def _drop(self):
        self._queue = []
        if self._socket:
            sock, self._socket = self._socket, None
            try:
                await sock.close()
            except OSError:
                pass

    async def _session(self):
        self.conn += 1
        client, password = self._dialect.log_in(self._now())
        self._keepalive_s = self._policy.keepalive_s  # a new policy counts from the next connect
        codec = Codec(client, self._dialect.user, password, self._keepalive_s, self._deliver)
        codec.will(self._dialect.topic(ANNEX), self._will())
        servers = self._identity.servers
        server, self._server = self._server, (self._server + 1) % len(servers)
        self._socket = await self._modem.connect(*servers[server])
        self._broken = False
        asyncio.create_task(self._read(codec, self._socket))
        await self._open(codec)
        self._server = server
        self._opened = time.ticks_ms()
        self.on_line.set()
        print("hanma on line, connection", self.conn)
        await self._send(codec)

    async def _open(self, codec):
        await self._exchange(_LOGIN, codec.connect())
        await self._exchange(*codec.subscribe(self._dialect.subscription))
        self.connecting = False  # commands may come from here on: their answers are kept
        for body in self._greet():
            await self._exchange(*codec.publish(self._dialect.topic(ANNEX), body))

    async def _send(self, codec):
        """Sends what is offered, and pings in silence, until the link fails."""
        while True:
            self.rounds += 1
            if self._broken:
                raise NoAnswer("link closed")
            if self._queue:
                topic, body, light = self._queue.pop(0)
                if light and time.ticks_diff(time.ticks_ms(), self._heard) < _SILENCE_MS:
                    await self._write(codec.light(topic, body))
                else:
                    await self._exchange(*codec.publish(topic, body))
            else:
                await self._quiet(codec)

    async def _quiet(self, codec):
        self._more.clear()
        try:
            await asyncio.wait_for_ms(self._more.wait(), self._keepalive_s * _QUIET)
        except asyncio.TimeoutError:
            self._probe = True
        if self._probe and not self._broken:
            self._probe = False
            await self._exchange(_PING, codec.ping(), _PROBE_MS)  # what is offered goes out after

    async def _exchange(self, id, packet, wait_ms=_ANSWER_MS):
        """Sends a packet and waits for its own acknowledgement."""
        event = self._acks[id] = asyncio.Event()
        try:
            await self._write(packet)
            await asyncio.wait_for_ms(event.wait(), wait_ms)
        except asyncio.TimeoutError:
            raise NoAnswer("no acknowledgement") from None
        finally:
            del self._acks[id]
        if self._broken:
            raise NoAnswer("link closed")

    async def _write(self, packet):
        if self._broken:
            raise NoAnswer("link closed")
        await self._socket.write(packet)

    # what comes ----------------------------------------------------------------

    async def _read(self, codec, sock):
        """Ends when the link does, and tells whoever waits for an acknowledgement."""
        try:
            while True:
                data = await sock.read(_LOOK_MS)
                if data:
                    self._heard = time.ticks_ms()
                    codec.feed(data)
                    await self._take(codec, sock)
        except OSError as error:
            print("hanma link", error)
        finally:
            if sock is self._socket:
                self._break()

    async def _take(self, codec, sock):
        packet = codec.next()
        while packet:
            kind, id, code = packet
            reply = codec.reply()
            if reply:
                await sock.write(reply)
            elif kind in (CONNACK, PUBACK, SUBACK, PINGRESP):
                self._acknowledge(kind, id, code)
            packet = codec.next()

    def _acknowledge(self, kind, id, code):
        if code > (1 if kind == SUBACK else 0):
            raise NoAnswer("refused by the broker, code %d" % code)
        event = self._acks.get({CONNACK: _LOGIN, PINGRESP: _PING}.get(kind, id))
        if event:
            event.set()

    def _break(self):
        self._broken = True
        for event in self._acks.values():
            event.set()
        self._more.set()

    def _deliver(self, topic, body):
        id = self._dialect.mine(topic)
        if id is not None:
            self._down(id, body)


def _depth(failures):
    over = failures - len(_DEPTHS)
    return _DEPTHS[failures if over < 0 else over % _ROUND - _ROUND]
