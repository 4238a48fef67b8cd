"""The board's connection to the world: pins out, inputs in, one JSON object a line."""

import json
import os
import select
import socket
import sys

_IPPROTO_TCP, _TCP_NODELAY = 6, 1


class Link:
    """`pins`, `rms_mv` and `mv` hold the inputs as the world last told them, by pin number.

    `handlers`: by pin number, what is called with the new level when an input changes; by "ble",
    what is called with the radio's news. An edge is felt while the link is being looked at: in
    `look` itself, or in a loop that attends `socket`.
    """

    def __init__(self):
        self.pins = {}
        self.rms_mv = {}
        self.mv = {}
        self.board_c = 25
        self.handlers = {}
        self._buffer = b""
        self.socket = socket.socket()
        self.socket.connect(socket.getaddrinfo("127.0.0.1", int(os.getenv("HANMA_WORLD")))[0][-1])
        self.socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        self._poll = select.poll()
        self._poll.register(self.socket, select.POLLIN)
        while b"\n" not in self._buffer:  # the world's first line: all inputs as they are
            self._receive()
        self.look()

    def tell(self, what):
        self.socket.send(json.dumps(what).encode() + b"\n")

    def look(self):
        """Takes in what the world has said since; never waits."""
        while self._poll.poll(0):
            self._receive()
        while b"\n" in self._buffer:
            line, self._buffer = self._buffer.split(b"\n", 1)
            self._take(json.loads(line))

    def wait_for_the_end(self):
        """The world takes our power; nothing after this line happens."""
        while True:
            self._receive()
            self._buffer = b""

    def _receive(self):
        data = self.socket.recv(1024)
        if not data:
            sys.exit()  # the world is gone, and with it our power
        self._buffer += data

    def _take(self, news):
        if "pin" in news:
            self._set_pin(news["pin"], news["value"])
        elif "mv" in news:
            self.mv[news["adc"]] = news["mv"]
        elif "adc" in news:
            self.rms_mv[news["adc"]] = news["rms_mv"]
        elif "board_c" in news:
            self.board_c = news["board_c"]
        elif "ble" in news and "ble" in self.handlers:
            self.handlers["ble"](news)
        for pin, value in news.get("pins", ()):
            self._set_pin(pin, value)

    def _set_pin(self, pin, level):
        before = self.pins.get(pin, 0)
        self.pins[pin] = level
        if level != before and pin in self.handlers:
            self.handlers[pin](level)


link = Link()
