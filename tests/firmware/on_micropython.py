"""Runs inside MicroPython on the compiled image: answers the cases of the file named after it.

One line of `=` and JSON a case: the result, or the exception's name. Written for MicroPython 1.25.
"""

import asyncio
import json
import sys

from terminal import mac, messages
from terminal.app import Terminal
from terminal.authority import Authority
from terminal.board.clock import UpClock
from terminal.controller import Controller
from terminal.emergency import Emergency
from terminal.modem import choose, http, ntp
from terminal.modem.chat import Chat
from terminal.modem.simcom import Simcom
from terminal.mqtt import Codec
from terminal.policy import Policy
from terminal.tickets import Tickets


def canonical(case):
    return mac.canonical(json.loads(case))


def tag(case):
    return mac.tag(mac.derive(bytes(case["secret"]), case["label"]), case["text"])


def read(case):
    return list(messages.read_down(bytes(case)))


def answer(case):
    return messages.answer(*case).decode()


def judge(case):
    """A list of commands to one terminal: [word, n, unlocked n, now] after each."""
    authority = Authority(case["device"], bytes(case["secret"]), case["epoch"])
    told = []
    for body, up, job in case["commands"]:
        try:
            command = messages.read_down(bytes(body))
            word = authority.judge(command, up, job)
        except messages.Malformed:
            word = "not read"
        told.append([word, authority.n, authority.unlocked_n])
    return told


def receipt(case):
    authority = Authority(case["device"], bytes(case["secret"]), case["epoch"])
    authority.n = case["n"]
    return authority.receipt(case["id"], case["up"], case["code"], case["relay"])


class TicketMemory:
    tickets = ""


def tickets(case):
    """A list of [text, up, now, from] to one terminal: [word, lease] each, and the flash after."""
    memory = TicketMemory()
    judge = Tickets(case["device"], bytes(case["secret"]), lambda _: bytes(case["ch"]), memory)
    told = []
    for text, up, now_ms, tickets_from in case["texts"]:
        word, ticket = judge.judge(text, up, now_ms, tickets_from)
        if not word:
            judge.spend(ticket, up)
        judge.worked("j0000001", up)
        told.append([word, ticket and ticket.lease_s])
    return told, memory.tickets


def control(case):
    """A list of [method, arguments …] to one controller: what each gave, and the mode."""
    policy = Policy()
    controller = Controller(policy, Emergency(policy))
    methods = {  # whose names are shorter here
        "on": controller.on,
        "off": controller.off,
        "lock": controller.lock,
        "unlock": controller.unlock,
        "press": controller.press,
        "tick": controller.tick,
        "gas_level": controller.gas_level,
        "lid": controller.lid,
        "pause": controller.pause,
        "test": controller.test,
        "long_press": controller.long_press,
        "contact": controller.contact,
    }
    return [[methods[step[0]](*step[1:]), controller.mode] for step in case]


EPOCH = b"\xa1\xb2\xc3\xd4\xe5\xf6\x07\x18"


class Serial:
    """Follows a written dialogue: [what must be written, what is then said] each."""

    def __init__(self, steps=()):
        self.steps = list(steps)
        self.to_read = b""
        self.more = asyncio.Event()

    def write(self, data):
        expected, said = self.steps.pop(0) if self.steps else (None, [])
        if expected is not None and bytes(data) != bytes(expected):
            raise AssertionError(data)
        self.to_read += bytes(said)
        self.more.set()

    async def read(self, most):
        while not self.to_read:
            self.more.clear()
            await self.more.wait()
        piece, self.to_read = self.to_read[:8], self.to_read[8:]
        return piece


def count(line):
    return int(line.split(b",")[2])


async def _chat(case):
    chat = Chat(Serial())
    heard = []
    for prefix in (b"+IPCLOSE:", b"+CIPRXGET:1,", b"+CTTS:0"):
        chat.on(prefix, heard.append)
    given = case["command"]
    expect, until, data = [bytes(given.get(name, b"")) for name in ("expect", "until", "data")]
    raw = count if "raw" in given else None
    command = chat.command(b"AT+X", expect=expect, until=until, data=data or None, raw=raw)
    task = asyncio.create_task(command)
    await asyncio.sleep_ms(0)
    for piece in case["pieces"]:
        chat.feed(bytes(piece))
        await asyncio.sleep_ms(0)
        await asyncio.sleep_ms(0)
    try:
        result = await task
        result = list(result) if isinstance(result, bytes) else [list(line) for line in result]
    except OSError as error:
        result = str(error)
    return [result, [list(line) for line in heard]]


async def _driver(case):
    """Start, one connection, bytes out and in, a word spoken: what came of it."""
    maker, steps = case
    serial = Serial(steps)
    chat = Chat(serial)
    modem = choose(maker)(chat, None)
    reader = asyncio.create_task(chat.run())
    await modem.ready()
    sock = await modem.connect("h.example", 1883)
    await sock.write(b"hello")
    sock.arrived()
    data = await sock.read(100)
    strength = await modem.signal()
    await modem.speak("焊A")
    reader.cancel()
    left = len(serial.steps)
    return [modem.imei, modem.iccid, modem.operator, list(data), strength, sock.sent, left]


async def _secure(case):
    """The CA installed, a TLS connection, bytes out and in, and the place."""
    serial = Serial(case["steps"])
    chat = Chat(serial)
    modem = Simcom(chat, None)
    reader = asyncio.create_task(chat.run())
    await modem.install_ca(bytes(case["pem"]))
    sock = await modem.connect("h.example", 8883, True)
    await sock.write(b"hello")
    sock.arrived()
    data = await sock.read(100)
    where = await modem.locate()
    clock = await modem.clock_ms()
    reader.cancel()
    return [list(data), list(where), clock, modem.wire_sent, modem.wire_rcvd, len(serial.steps)]


class Wire:
    def __init__(self, pieces):
        self.pieces = pieces
        self.written = b""

    async def connect(self, host, port, tls, link):
        return self

    async def write(self, data):
        self.written += data

    async def read(self, timeout_ms):
        return bytes(self.pieces.pop(0)) if self.pieces else b""

    async def close(self):
        pass


async def _http(case):
    """[body, request] of a GET, and the answer of a POST on the same pieces."""
    got = []
    wire = Wire(list(case))
    await http.get(wire, "https://h.example/x", {"A": "b"}, 3, got.append)
    left = [b"abc", b"de"]

    async def chunks():
        return left.pop(0)

    post = Wire(list(case))
    status, body = await http.post(post, "http://h.example/x", {}, chunks, 5)
    return [list(b"".join(got)), list(wire.written), status, list(body)]


def time_of(case):
    return ntp.read(bytes(case[0]), bytes(case[1]))


def codec(case):
    """The packets of a session, and what was delivered of `case`, byte by byte."""
    delivered = []
    made = Codec(
        "HM-1", "HM-1", "ab", 300, lambda topic, body: delivered.append([list(topic), list(body)])
    )
    made.will(b"hm/HM-1/up", b"{}")
    sent = [made.connect()]
    sent.append(made.subscribe(b"hm/HM-1/down")[1])
    sent.append(made.publish(b"hm/HM-1/up", b"x" * 300)[1])
    sent.append(made.ping())
    told = []
    for byte in case:
        made.feed(bytes([byte]))
        packet = made.next()
        if packet:
            told.append([list(packet), list(made.reply())])
    return [[list(packet) for packet in sent], told, delivered]


class Relay:
    def __init__(self):
        self.driven = 0

    def close(self):
        self.driven = 1

    def open(self):
        self.driven = 0

    @property
    def closed(self):
        return self.driven


class Store:
    def __init__(self, values):
        self.values = values

    def get(self, name, most=512):
        return self.values.get(name)

    def put(self, name, value):
        self.values[name] = bytes(value)


class Board:
    folder = "bench-"
    radio = None
    boots = None

    def __init__(self, case):
        self.relay = Relay()
        self.edge = asyncio.Event()
        self.clock = UpClock()
        self.store = Store({name: bytes(value) for name, value in case["flash"].items()})

    def serial(self):
        return Serial()

    def random(self, many):
        return EPOCH[:many]

    def pressed(self):
        return False

    def boot_reason(self):
        return "power"


async def _app(case):
    """[coil, mode, job] after each body, on the real application with the uplink off-line."""
    board = Board(case)
    terminal = Terminal(board)
    told = []
    for body in case["bodies"]:
        terminal.orders.down("", bytes(body))
        told.append([board.relay.driven, terminal.controller.mode, terminal.controller.job])
    await asyncio.sleep_ms(50)
    ended = [job for job in bytes(board.store.get("ended") or b"").decode().split("\n") if job]
    return [told, ended]


KINDS = {
    "canonical": canonical,
    "tag": tag,
    "read": read,
    "answer": answer,
    "judge": judge,
    "receipt": receipt,
    "tickets": tickets,
    "control": control,
    "chat": lambda case: asyncio.run(_chat(case)),
    "driver": lambda case: asyncio.run(_driver(case)),
    "secure": lambda case: asyncio.run(_secure(case)),
    "http": lambda case: asyncio.run(_http(case)),
    "time": time_of,
    "codec": codec,
    "app": lambda case: asyncio.run(_app(case)),
}

with open(sys.argv[1]) as file:
    for line in file:
        kind, case = json.loads(line)
        try:
            result = KINDS[kind](case)
        except Exception as error:
            result = {"raised": type(error).__name__}
        print("=" + json.dumps(result))
