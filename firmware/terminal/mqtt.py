"""`umqtt.simple` made safe: it encodes and parses, and never waits.

Its own waits would block the loop that brings the answer, it believes short reads, and it hangs
after packet id 65,535. So it gets a made-up socket: what it writes is collected into whole
packets, what it reads is a whole packet or an acknowledgement made up on the spot. `uplink.py`
sends the packets, and matches and times the real acknowledgements. Works with 1.3.4 and 1.6+.
"""

import struct

from umqtt import simple

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 0x20, 0x30, 0x40, 0x90, 0xD0
PACKET_MAX = 4096
_ID_MAX = 65000


class ProtocolError(OSError):
    """The other end broke MQTT, or sent a packet larger than PACKET_MAX."""


class _Socket:
    """What umqtt takes for the `socket` module, and for the connection that it makes with it."""

    def __init__(self):
        self.written = b""
        self.readable = b""

    def write(self, data, length=None):
        self.written += bytes(data if length is None else data[:length])
        return length or len(data)

    def read(self, count):
        data, self.readable = self.readable[:count], self.readable[count:]
        if len(data) != count:
            raise ProtocolError("short packet")
        return data

    def socket(self, *_):
        return self

    def getaddrinfo(self, host, port, *_):
        return [(0, 0, 0, "", (host, port))]

    def close(self, *_):
        pass

    setblocking = settimeout = connect = close


class Codec:
    """One MQTT session's packets. `deliver(topic, body)` gets each message, as bytes."""

    def __init__(self, client, user, password, keepalive_s, deliver):
        self._sock = _Socket()
        # umqtt counts letters where MQTT counts bytes: give it bytes only
        client, user, password = client.encode(), user.encode(), password.encode()
        self._client = simple.MQTTClient(
            client, "", user=user, password=password, keepalive=keepalive_s
        )
        self._client.set_callback(deliver)
        self._buffer = b""

    def will(self, topic, body):
        self._client.set_last_will(topic, body, qos=1)

    # packets to send --------------------------------------------------------

    def connect(self):
        simple.socket = self._sock
        self._made_up(b"\x20\x02\x00\x00")
        self._client.connect()
        return self._packet()

    def subscribe(self, topic):
        """(packet id, packet)"""
        self._wrap()
        id = self._client.pid + 1
        self._made_up(b"\x90\x03" + struct.pack("!H", id) + b"\x01")
        self._client.subscribe(topic, 1)
        packet = self._packet()
        if packet[1] > 0x7F and packet[1] == len(packet) - 2:  # 1.3.4 gives the length one byte
            packet = packet[:2] + b"\x01" + packet[2:]
        return id, packet

    def publish(self, topic, body):
        """(packet id, packet), QoS 1"""
        self._wrap()
        id = self._client.pid + 1
        self._made_up(b"\x40\x02" + struct.pack("!H", id))
        self._client.publish(topic, body, qos=1)
        return id, self._packet()

    def light(self, topic, body):
        """A packet that nobody acknowledges (QoS 0)."""
        self._client.publish(topic, body)
        return self._packet()

    def ping(self):
        self._client.ping()
        return self._packet()

    def _made_up(self, acknowledgement):
        self._sock.written = b""
        self._sock.readable = acknowledgement

    def _wrap(self):
        if self._client.pid >= _ID_MAX:
            self._client.pid = 0

    def _packet(self):
        packet, self._sock.written = self._sock.written, b""
        return packet

    # packets that come --------------------------------------------------------

    def feed(self, data):
        self._buffer += data

    def next(self):
        """The next whole packet as (kind, packet id or None, return code or None), else None.

        A PUBLISH has been delivered when this returns; `reply` then holds its acknowledgement.
        """
        size = self._whole()
        if size is None:
            return None
        packet, self._buffer = self._buffer[:size], self._buffer[size:]
        kind = packet[0] & 0xF0
        if kind == PUBLISH:
            return self._incoming(packet)
        if kind in (PUBACK, SUBACK) and len(packet) >= 4:
            return kind, packet[2] << 8 | packet[3], packet[4] if len(packet) > 4 else 0
        if kind == CONNACK and len(packet) == 4:
            return kind, None, packet[3]
        if kind == PINGRESP:
            return kind, None, 0
        raise ProtocolError("packet kind %d" % kind)

    def _incoming(self, packet):
        if packet[0] & 0x04:
            raise ProtocolError("QoS that was not asked for")
        self._sock.written = b""
        self._sock.readable = packet
        try:
            self._client.check_msg()
        except (IndexError, TypeError, AssertionError):
            raise ProtocolError("bad publish") from None
        return PUBLISH, None, None

    def reply(self):
        """What the packet just taken is to be answered with (b'' = nothing)."""
        return self._packet()

    def _whole(self):
        """Length of the first packet if it is all there; ProtocolError if it is too large."""
        size = shift = 0
        for at in range(1, 5):
            if at >= len(self._buffer):
                return None
            size |= (self._buffer[at] & 0x7F) << shift
            shift += 7
            if not self._buffer[at] & 0x80:
                total = 1 + at + size
                if total > PACKET_MAX:
                    raise ProtocolError("packet of %d bytes" % total)
                return total if len(self._buffer) >= total else None
        raise ProtocolError("bad length")
