"""Malformed input for the firmware's own modules, on MicroPython and on CPython.

Each function takes how many inputs and gives counts of what became of them; an AssertionError, or
anything else that escapes, is a find. No input here carries an authority to close the relay.
"""

import asyncio
import gc
import json
import os

from spoil import below, bytes_of, noise, pick, value_of
from terminal import mac
from terminal.app import Terminal
from terminal.board.clock import UpClock
from terminal.modem import http
from terminal.modem.chat import Chat
from terminal.modem.luat import Luat
from terminal.modem.simcom import Simcom
from terminal.mqtt import PACKET_MAX, Codec

DEVICE, SECRET = "HM-990101-000001", bytes(range(32))
IAT = 1700000000000
_WAITED_MS = 600000  # made-up time that one operation of the modem may take
_WRITTEN = 20000  # bytes that it may send meanwhile


def _plain(call, *arguments):
    return call(*arguments)


counted = _plain  # on_cpython.py puts one here that counts the steps


class Relay:
    def __init__(self):
        self.driven = self.closings = 0

    def close(self):
        self.driven = 1
        self.closings += 1

    def open(self):
        self.driven = 0

    @property
    def closed(self):
        return self.driven


class Flash:
    """The chip's store; `puts` counts what was written."""

    def __init__(self, values):
        self._values = values
        self.puts = 0

    def get(self, name, most=512):
        return self._values.get(name)

    def put(self, name, value):
        self._values[name] = value
        self.puts += 1


class Edge:
    """Nobody waits for it here."""

    def set(self):
        pass


class Board:
    folder = ""
    radio = boots = None

    def __init__(self, serial=None):
        server = b"broker.example:1883"
        self.store = Flash({"device": DEVICE.encode(), "secret": SECRET, "server": server})
        self.relay, self.clock, self.edge = Relay(), UpClock(), Edge()
        self._serial = serial or Answers(0)
        self.restarts = 0

    def serial(self):
        return self._serial

    async def press_power_key(self, held_ms):
        await asyncio.sleep_ms(held_ms)

    def random(self, count):
        return b"r" * count

    def pressed(self):
        return False

    def boot_reason(self):
        return "power"

    def restart(self):
        self.restarts += 1


# AT lines ----------------------------------------------------------------------------------

GOOD = (
    (b"AT+CSQ", b"\r\n+CSQ: 20,99\r\n"),
    (b"AT+CCLK?", b'\r\n+CCLK: "26/11/24,21:30:00+32"\r\n'),
    (b"AT+CLBS", b"\r\n+CLBS: 0,29.563010,106.551556,550\r\n"),
    (b"AT+CPIN?", b"\r\n+CPIN: READY\r\n"),
    (b"AT+CGSN", b"\r\n867284065516041\r\n"),
    (b"AT+CIMI", b"\r\n460001234567890\r\n"),
    (b"AT+CICCID", b"\r\n+ICCID: 89860000000000000001\r\n"),
    (b"AT+CEREG?", b"\r\n+CEREG: 0,1\r\n"),
    (b"AT+NETOPEN?", b"\r\n+NETOPEN: 1\r\n"),
    (b"AT+CIPRXGET=2", b"\r\n+CIPRXGET: 2,0,4,0\r\n\x20\x02\x00\x00\r\n"),
    (b"AT+CTTS", b"\r\n+CTTS:\r\n"),
    (b"AT+CMEE?", b"\r\n+CMEE: 2\r\n"),
    (b"AT+CFUN?", b"\r\n+CFUN: 1\r\n"),
    (b"AT+CREG?", b"\r\n+CREG: 0,1\r\n"),
)
AFTER = (
    (b"AT+CIPOPEN", b"\r\n+CIPOPEN: 0,0\r\n"),
    (b"AT+CIPCLOSE", b"\r\n+CIPCLOSE: 0,0\r\n"),
    (b"AT+CTTS=1", b"\r\n+CTTS: 0\r\n"),
    (b"AT+NETOPEN", b"\r\n+NETOPEN: 0\r\n"),
    (b"AT+CIPSTART", b"\r\n0, CONNECT OK\r\n"),
    (b"AT+CIFSR", b"\r\n10.0.0.1\r\n"),
)
UNASKED = (
    b"\r\n+CIPRXGET: 1,0\r\n", b"\r\n+IPCLOSE: 0,1\r\n", b"\r\n+CIPEVENT: NETWORK CLOSED\r\n",
    b"\r\n+CEREG: 1\r\n", b"\r\n+CPIN: REMOVED\r\n", b"\r\n*ATREADY: 1\r\n", b"\r\n+CTTS: 0\r\n",
    b"\r\n+RECEIVE,0,4:\r\nabcd", b"\r\n0, CLOSED\r\n", b"\r\n+CIPRXGET: 1\r\n",
    b"\r\n+CMTI: \"SM\",1\r\n", b"\r\nRING\r\n", b"\r\n+CCHEVENT: 0,RECV EVENT\r\n",
)  # fmt: skip


class Answers:
    """A module whose every answer may be spoilt; of `spoilt` in ten."""

    def __init__(self, spoilt):
        self.spoilt = spoilt
        self.lines = self.written = 0  # malformed lines said, bytes heard
        self._data = 0  # bytes that follow a prompt
        self._said = b""
        self._more = asyncio.Event()

    async def read(self, most=512):
        while not self._said:
            self._more.clear()
            await self._more.wait()
        count = 1 + below(most)
        piece, self._said = self._said[:count], self._said[count:]
        return piece

    def set_baud(self, baud):
        pass

    def write(self, data):
        self.written += len(data)
        if data[:2] == b"AT":
            self._answer(data[:-1])
        elif data.strip(b"\r"):
            self._say(b"\r\nOK\r\n")
            self._say(b"\r\n+CIPSEND: 0,%d,%d\r\n" % (len(data), len(data)))

    def _answer(self, text):
        for start, line in GOOD:
            if text.startswith(start):
                self._say(line)
        if text.startswith((b"AT+CIPSEND", b"AT+CCHSEND")):
            self._say(b"\r\n>")
        else:
            bad = self.spoilt and not below(4)
            self._say(b"\r\nERROR\r\n" if bad else b"\r\nOK\r\n")
        for start, line in AFTER:
            if text.startswith(start):
                self._say(line)
        if below(10) < self.spoilt:
            self._say(pick(UNASKED))

    def _say(self, line):
        if below(10) < self.spoilt:
            self.lines += 1
            line = bytes_of(line)
        self._said += line
        self._more.set()


async def _use_socket(modem):
    sock = await modem.connect("broker.example", 1883, False, below(2))
    try:
        await sock.write(b"hello")
        await sock.read(2000)
    finally:
        await sock.close()


OPERATIONS = (
    lambda modem: modem.signal(),
    lambda modem: modem.clock_ms(),
    lambda modem: modem.locate(),
    lambda modem: modem.speak("焊机"),
    lambda modem: modem.datagram("ntp.example", 123, b"q" * 48, 2000),
    lambda modem: modem.ready(below(4)),
    _use_socket,
    _use_socket,
)


async def at_lines(count):
    """Every operation of the driver ends in a value or an OSError, and the dialogue goes on."""
    counts = {"inputs": 0, "refused": 0, "good": 0}
    while counts["inputs"] < count:
        serial = Answers(1 + below(9))
        chat = Chat(serial)
        modem = pick((Simcom, Luat))(chat, Board(serial))
        modem.imei = "1"
        modem.capabilities.add("tts")
        task = asyncio.create_task(chat.run())
        for _ in range(40):
            written = serial.written
            try:
                await asyncio.wait_for_ms(pick(OPERATIONS)(modem), _WAITED_MS)
                counts["good"] += 1
            except asyncio.TimeoutError:
                raise AssertionError("the operation did not end") from None
            except OSError:
                counts["refused"] += 1
            assert serial.written - written < _WRITTEN
            assert not task.done(), "the dialogue died"
        serial.spoilt = 0
        assert await _recovers(chat), "the dialogue does not recover"
        task.cancel()
        await asyncio.sleep_ms(0)
        counts["inputs"] += serial.lines
    return counts


# answers of a web server -----------------------------------------------------------------------

RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
    b"HTTP/1.1 206 Part\r\nContent-Range: bytes 5-10/11\r\nContent-Length: 6\r\n\r\n world",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
)  # fmt: skip


class Wire:
    """A connection on which the answer comes in pieces, and then nothing."""

    def __init__(self, answer):
        self._answer = answer
        self.closed = False

    async def connect(self, host, port, tls, link):
        return self

    async def read(self, timeout_ms):
        count = 1 + below(40)
        piece, self._answer = self._answer[:count], self._answer[count:]
        return piece

    async def write(self, data):
        pass

    async def close(self):
        self.closed = True


async def http_answers(count):
    """A server's words end in a length, a status or an OSError; the connection is closed."""
    counts = {"inputs": count, "refused": 0, "good": 0}
    got = []

    async def chunks():
        return b"body"

    for number in range(count):
        wire = Wire(bytes_of(pick(RESPONSES)))
        try:
            if number % 3:
                await http.get(wire, "http://a/b", {}, 5 * (number % 2), got.append)
            else:
                await http.post(wire, "http://a/b", {}, chunks, 8)
            counts["good"] += 1
        except OSError:
            counts["refused"] += 1
        assert wire.closed
        assert sum([len(piece) for piece in got]) < 4096
        got.clear()
        if number % 64 == 0:
            await _breathe()
    return counts


async def _recovers(chat):
    for _ in range(5):
        try:
            await chat.command(b"AT")
            return True
        except OSError:
            await asyncio.sleep_ms(3000)
    return False


# what comes down from the cloud's side --------------------------------------------------------

EVENTS = (
    ("$time_sync", "time_sync_response",
     {"device_send_time": 1, "server_recv_time": IAT, "server_send_time": IAT, "mac": "0" * 32}),
    ("journal", "stored", {"log": "0" * 16, "to": 3, "mac": "0" * 32}),
    ("$ota", "version_query", {}),
    ("$ota", "firmware_upgrade",
     {"version": "1", "url": "http://127.0.0.1/x", "file_size": 9, "file_name": "x",
      "sign": "0" * 64, "access_token": "t", "expires": 9}),
)  # fmt: skip
NAMES = ("say", "policy", "locate", "journal", "alive", "unlock", "nonsense", "switch")


def _signed(name, code, id, content):
    covered = "|".join((DEVICE, id, name, code, mac.canonical(content)))
    content["mac"] = mac.tag(mac.derive(SECRET, "command"), covered)


def _whole(name, code, id, content):
    return {
        "id": id,
        "service_id": "welder",
        "command_name": name,
        "paras": {"actionCode": code, "actionName": "x", "content": content},
    }


def _command(epoch, n, up):
    """A command that would switch on, but for its mac."""
    content = {"job": f"j{n}", "lease_s": 3600, "epoch": epoch, "n": n, "x": up + 15000}
    content.update(iat=IAT, say="焊机已开机", mac=f"{n:032x}")
    return _whole("switch", "1", f"c{n}", content)


def _nonsense(epoch, n, up):
    """A command under a good mac, whose content is not what it should be."""
    name = pick(NAMES)
    content = {"epoch": epoch, "n": n, "x": up + 15000, "iat": IAT, "say": "x", "from": 1}
    content.update(beat_idle_s=180, max_h=2, budget_h=12, lat=0)
    content = value_of(content)
    id = f"c{n}"
    try:
        _signed(name, pick(("", "0", "7")), id, content)
    except ValueError:  # has no canonical form: as it is
        content["mac"] = "0" * 32
    return _whole(name, pick(("", "0", "7")), id, content)


def _event():
    service, kind, paras = pick(EVENTS)
    one = {"service_id": service, "event_type": kind, "event_time": "x", "paras": paras}
    return {"object_device_id": DEVICE, "services": [one] * (1 + below(2))}


def _payload(terminal, number, up):
    how = below(20)
    if how == 0:
        return noise(300)
    if how == 1:
        return pick((b"[", b'{"a":', b'{"services":[', b'"')) * below(340)
    if how == 2:
        made = _nonsense(terminal.authority.epoch, number, up)
    elif how < 7:
        made = value_of(_event()) if below(3) else _event()
    else:
        made = value_of(_command(terminal.authority.epoch, number, up))
    body = json.dumps(made).encode()
    return bytes_of(body) if below(2) else body


async def payloads(count):
    """Bodies of messages from the broker, into the whole application."""
    _clear("journal")
    puts = 0
    for number in range(count):
        if number % 5000 == 0:
            board = Board()
            terminal = Terminal(board)
        body = _payload(terminal, number, terminal.up_ms())
        (counted if number % 50 == 0 else _plain)(terminal.orders.down, "", body)
        assert not board.relay.closings, "the relay moved"
        if number % 64 == 0:
            await _breathe()
            assert terminal.controller.mode == "idle"
            assert board.restarts == 0
            puts = max(puts, board.store.puts)
    return {"inputs": count, "flash_writes": puts}


async def packets(count):
    """Bytes of the MQTT connection, into the codec: whole packets, or ProtocolError."""
    delivered = []
    broken = 0
    good = (
        b"\x20\x02\x00\x00", b"\x40\x02\x00\x01", b"\x90\x03\x00\x01\x01", b"\xd0\x00",
        b"\x32\x0e\x00\x06hm/d/x\x00\x05abcd", b"\x30\x0b\x00\x06hm/d/xabc",
    )  # fmt: skip
    left = count
    while left > 0:
        codec = Codec("d", "d", "p", 300, lambda topic, body: delivered.append(len(body)))
        codec.connect()
        try:
            for _ in range(64):
                left -= 1
                packet = pick(good)
                codec.feed(bytes_of(packet) if below(2) else packet)
                for _ in range(200):
                    if codec.next() is None:
                        break
                    codec.reply()
                else:
                    raise AssertionError("it goes on for ever")
        except OSError:
            broken += 1
        assert not delivered or max(delivered) <= PACKET_MAX
        delivered.clear()
    return {"inputs": count, "broken": broken}


# tickets ---------------------------------------------------------------------------------------


def _ticket_text(fields, key):
    body = mac.canonical(fields).encode()
    return _base64url(body) + "." + _base64url(mac.hmac_sha256(key, body)[:16])


def _base64url(data):
    from binascii import b2a_base64

    text = b2a_base64(data).decode().strip().rstrip("=")
    return text.replace("+", "-").replace("/", "_")


def _at_once(work):
    """The value of a coroutine that has nothing to wait for: only a relay is waited for."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def _letters(data):
    return "".join([chr(byte) for byte in data])


def _ticket(number, fields):
    """A ticket that is none: forged, damaged, or under a good mac and with wrong fields."""
    how = below(10)
    wrong, right = mac.derive(SECRET, "command"), mac.derive(SECRET, "ticket")
    if how == 0:
        return _letters(noise(200))
    if how == 1:
        return pick(("a", ".", "=", "焊", "\x00")) * below(900)
    if how < 5:
        return _ticket_text(dict(fields, n=number + 1), wrong)
    text = _ticket_text(dict(fields, n=number + 1), right)
    spoilt = _letters(bytes_of(text.encode()))
    parts = spoilt.split(".")
    # a third part is the fire watch's word, which this ticket does not ask for
    return "x" + spoilt if ".".join(parts[:2]) == text else spoilt


async def tickets(count):
    """Texts from a phone, into the whole application."""
    _clear("journal")
    board = Board()
    terminal = Terminal(board)
    terminal.receive()
    guests = terminal.guests
    fields = {"v": 1, "d": DEVICE, "act": "on", "job": "j1", "who": "w", "lease_s": 60}
    fields.update(iat=IAT, exp=IAT + 3600000)
    words = {}
    for number in range(count):
        text = _ticket(number, fields)
        told = (counted if number % 50 == 0 else _plain)(_at_once, guests.ticket(text))
        assert told["word"] and told["code"] == 500, told
        assert not board.relay.closings, "the relay moved"
        words[told["word"]] = words.get(told["word"], 0) + 1
        if number % 64 == 0:
            await _breathe()
    right = mac.derive(SECRET, "ticket")
    for number in range(count // 10):  # under a good mac: only read, not obeyed
        spoilt = value_of(dict(fields, n=number + 1))
        try:
            text = _ticket_text(spoilt, right)
        except ValueError:
            continue
        word, _ = guests.tickets.judge(text, 1, IAT)
        words[word] = words.get(word, 0) + 1
    return {"inputs": count + count // 10, "words": words}


async def _breathe():
    """As the supervisor does between two messages."""
    await asyncio.sleep_ms(0)
    if hasattr(gc, "mem_alloc"):  # MicroPython
        gc.collect()


def _clear(folder):
    try:
        for name in os.listdir(folder):
            os.remove(folder + "/" + name)
    except OSError:
        pass


KINDS = {
    "at_lines": at_lines,
    "http_answers": http_answers,
    "packets": packets,
    "payloads": payloads,
    "tickets": tickets,
}


async def work(word):
    """What became of the inputs that `KIND=COUNT` asks for."""
    kind, count = word.split("=")
    return await KINDS[kind](int(count))
