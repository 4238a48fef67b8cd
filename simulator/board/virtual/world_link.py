"""The board's connection to a world that owns the time: board and world take turns.

The world grants a stretch of time. Inside it the board runs alone: where all its tasks sleep, its
clock leaps. At the end of the stretch, or before it sleeps after having told something, it hands
back: `{"idle": now, "next": when its next task is due or null}`. The world answers with its news
and `{"at": the new now, "until": the end of the next stretch}`. All in microseconds.
"""

import json
import os
import socket
import sys
from binascii import hexlify, unhexlify

from inputs import Inputs

_IPPROTO_TCP, _TCP_NODELAY = 6, 1
_NEVER = 1 << 60
_PIECE = 256  # of what is written: more at once would want heap in one piece


class Wire:
    """A UART's wire. `waiting`: called once when the next bytes are there."""

    def __init__(self, link, id):
        self._link = link
        self._id = id
        self._came = b""
        self.waiting = None

    def come(self, data):
        self._came += data
        call, self.waiting = self.waiting, None
        if call:
            call()

    def read(self, most):
        data, self._came = self._came[:most], self._came[most:]
        return data

    def write(self, data):
        for at in range(0, len(data), _PIECE):
            piece = hexlify(data[at : at + _PIECE]).decode()
            self._link.tell({"tx": self._id, "hex": piece})
        return len(data)

    def close(self):
        pass

    def ready(self):
        return bool(self._came)


class Link(Inputs):
    """`now_us` counts from the world's own beginning, also over starts of the board."""

    def __init__(self):
        super().__init__()
        self.now_us = self._until = 0
        self._told = []
        self._buffer = b""
        self._wires = {}
        self._watch_us = 0
        self._bites_at = _NEVER
        self.socket = socket.socket()
        self.socket.connect(socket.getaddrinfo("127.0.0.1", int(os.getenv("HANMA_WORLD")))[0][-1])
        self.socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        self._hear()
        self.started_us = self.now_us

    def tell(self, what):
        """Leaves before the board next sleeps, so at this very moment of the world."""
        self._told.append(json.dumps(what))

    def look(self):
        """Nothing comes while it is our turn."""

    def wait(self, until_us=_NEVER):
        """Sleeps until then, or less when the world has news."""
        if self.now_us < until_us <= self._until and until_us <= self._bites_at and not self._told:
            self.now_us = until_us  # as nearly always: ninety thousand times a day
            return
        if self.now_us >= self._bites_at:
            self.tell({"bite": 1})
            self.wait_for_the_end()
        until_us = min(until_us, self._bites_at)
        if self._told or until_us > self._until:
            self._hand_over(until_us)
            self._hear()
        elif until_us > self.now_us:
            self.now_us = until_us

    def watch_ms(self, timeout_ms):
        self._watch_us = timeout_ms * 1000
        self.feed()

    def feed(self):
        """Not worth a turn: the watchdog is looked at on this side."""
        if self._watch_us:
            self._bites_at = self.now_us + self._watch_us

    def ends(self):
        """The program is over, at this moment."""
        self.tell({"ended": self.now_us})
        self._hand_over(_NEVER)

    def wait_for_the_end(self):
        """The world takes our power; nothing after this line happens."""
        self._hand_over(_NEVER)
        while True:
            self._receive()

    def open_uart(self, id):
        wire = self._wires[id] = Wire(self, id)
        return wire

    def _hand_over(self, until_us):
        due = until_us if until_us < _NEVER else "null"
        self._told.append('{"idle": %d, "next": %s}' % (self.now_us, due))
        told, self._told = self._told, []
        for line in told:
            self._send(line.encode() + b"\n")

    def _send(self, data):
        while data:
            data = data[self.socket.send(data) :]

    def _hear(self):
        """The world's news, up to its grant."""
        while True:
            while b"\n" not in self._buffer:
                self._receive()
            line, self._buffer = self._buffer.split(b"\n", 1)
            news = json.loads(line)
            if "until" in news:
                self.now_us, self._until = news["at"], news["until"]
                return
            if "at" in news:  # the moment of the news that follows
                self.now_us = news["at"]
            elif "rx" in news:
                wire = self._wires.get(news["rx"])
                if wire:
                    wire.come(unhexlify(news["hex"]))
            else:
                self.take(news)

    def _receive(self):
        data = self.socket.recv(256)
        if not data:
            sys.exit()  # the world is gone, and with it our power
        self._buffer += data


link = Link()
