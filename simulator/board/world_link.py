"""The board's connection to the world: pins out, inputs in, one JSON object a line."""

import json
import os
import select
import socket
import sys

from inputs import Inputs

_IPPROTO_TCP, _TCP_NODELAY = 6, 1


class Link(Inputs):
    """An edge is felt while the link is being looked at: in `look` itself, or in a loop that
    attends `socket`."""

    def __init__(self):
        super().__init__()
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
            self.take(json.loads(line))

    def watch_ms(self, timeout_ms):
        """The watchdog begins: the world bites when the feeding stays away."""
        self.tell({"watchdog_ms": timeout_ms})

    def feed(self):
        self.tell({"fed": 1})

    def ends(self):
        """The program is over; the world sees that by itself."""

    def wait_for_the_end(self):
        """The world takes our power; nothing after this line happens."""
        while True:
            self._receive()
            self._buffer = b""

    def open_uart(self, id):
        """The UART's wire: a file whose reads never wait."""
        return open(os.getenv("HANMA_UART" if id == 1 else "HANMA_CAMERA"), "r+b", buffering=0)

    def _receive(self):
        data = self.socket.recv(1024)
        if not data:
            sys.exit()  # the world is gone, and with it our power
        self._buffer += data


link = Link()
