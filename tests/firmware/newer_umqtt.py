"""A client with the calls of `umqtt.simple` 1.6 and later, to try the firmware's adapter on.

What differs from 1.3.4: `ssl` is a context, `connect` takes a timeout and closes an old socket, a
long SUBSCRIBE has a length of two bytes, an empty read is an OSError.
"""

import socket
import struct
from collections.abc import Callable
from typing import Any


class MQTTException(Exception):
    pass


class MQTTClient:
    def __init__(
        self,
        client_id: bytes,
        server: str,
        port: int = 0,
        user: bytes | None = None,
        password: bytes | None = None,
        keepalive: int = 0,
        ssl: Any = None,
    ) -> None:
        self.client_id, self.server = client_id, server
        self.port = port or (8883 if ssl else 1883)
        self.user, self.pswd, self.keepalive, self.ssl = user, password, keepalive, ssl
        self.sock: Any = None
        self.pid = 0
        self.cb: Callable[[bytes, bytes], None] | None = None
        self.lw: tuple[bytes, bytes, bool, int] | None = None

    def set_callback(self, f: Callable[[bytes, bytes], None]) -> None:
        self.cb = f

    def set_last_will(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None:
        self.lw = (topic, msg, retain, qos)

    def connect(self, clean_session: bool = True, timeout: float | None = None) -> int:
        if self.sock:
            self.sock.close()
        self.sock = socket.socket()
        self.sock.settimeout(timeout)
        self.sock.connect(socket.getaddrinfo(self.server, self.port)[0][-1])
        if self.ssl:
            self.sock = self.ssl.wrap_socket(self.sock, server_hostname=self.server)
        flags, payload = clean_session << 1, [self.client_id]
        if self.lw:
            topic, msg, retain, qos = self.lw
            flags |= 0x04 | qos << 3 | retain << 5
            payload += [topic, msg]
        if self.user:
            flags |= 0xC0
            payload += [self.user, self.pswd or b""]
        head = b"\0\x04MQTT\x04" + bytes([flags]) + struct.pack("!H", self.keepalive)
        self._start(0x10, len(head) + sum(2 + len(text) for text in payload))
        self.sock.write(head)
        for text in payload:
            self._text(text)
        answer = self.sock.read(4)
        assert answer[:2] == b"\x20\x02"
        if answer[3]:
            raise MQTTException(answer[3])
        return answer[2] & 1

    def ping(self) -> None:
        self.sock.write(b"\xc0\0")

    def publish(self, topic: bytes, msg: bytes, retain: bool = False, qos: int = 0) -> None:
        self._start(0x30 | qos << 1 | retain, 2 + len(topic) + (2 if qos else 0) + len(msg))
        self._text(topic)
        if qos:
            self.pid += 1
            self.sock.write(struct.pack("!H", self.pid))
        self.sock.write(msg)
        while qos:
            if self.wait_msg() == 0x40:
                assert self.sock.read(1) == b"\x02"
                if struct.unpack("!H", self.sock.read(2))[0] == self.pid:
                    return

    def subscribe(self, topic: bytes, qos: int = 0) -> None:
        self.pid += 1
        self._start(0x82, 2 + 2 + len(topic) + 1)
        self.sock.write(struct.pack("!H", self.pid))
        self._text(topic)
        self.sock.write(bytes([qos]))
        while self.wait_msg() != 0x90:
            pass
        answer = self.sock.read(4)
        assert struct.unpack("!H", answer[1:3])[0] == self.pid
        if answer[3] == 0x80:
            raise MQTTException(answer[3])

    def wait_msg(self) -> int | None:
        first = self.sock.read(1)
        self.sock.setblocking(True)
        if first is None:
            return None
        if first == b"":
            raise OSError(-1)
        if first == b"\xd0":
            assert self.sock.read(1) == b"\0"
            return None
        op = first[0]
        if op & 0xF0 != 0x30:
            return op
        size = shift = 0
        while True:
            byte = self.sock.read(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        length = struct.unpack("!H", self.sock.read(2))[0]
        topic = self.sock.read(length)
        size -= 2 + length
        if op & 6:
            id = self.sock.read(2)
            size -= 2
        self.cb(topic, self.sock.read(size))
        if op & 6 == 2:
            self.sock.write(b"\x40\x02" + id)
        assert op & 6 != 4
        return op

    def check_msg(self) -> int | None:
        self.sock.setblocking(False)
        return self.wait_msg()

    def _start(self, first: int, size: int) -> None:
        head = bytearray([first])
        while size > 0x7F:
            head.append((size & 0x7F) | 0x80)
            size >>= 7
        head.append(size)
        self.sock.write(head, len(head))

    def _text(self, text: bytes) -> None:
        self.sock.write(struct.pack("!H", len(text)))
        self.sock.write(text)
