"""A whole terminal on the bench: the real application; board, modem, broker, cloud made up."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Coroutine
from typing import Any

from terminal.app import Terminal
from terminal.board.clock import UpClock
from terminal.guests import Guests

from . import signing
from .peer import Link, Peer
from .serials import Serial, lines
from .virtual_time import end_all, now_ms, run

DOWN = f"hm/{signing.DEVICE}/down".encode()
IDENTITY = {
    "device": signing.DEVICE.encode(),
    "secret": signing.SECRET,
    "server": b"broker.example:1883",
}


class AtModem(Serial):
    """A modem in the words that the driver uses; its one socket leads to the peer."""

    knows_marks = False

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.peer = peer
        self.silent = True  # off
        self.refuse = False  # no connection is to be had
        self.spoken: list[str] = []
        self.signal_asked = 0
        self._due = 0
        self._held = b""
        self._link: Link | None = None
        self._is_open = False

    async def press(self, held_ms: int) -> None:
        self.silent = held_ms > 2000

    def write(self, data: bytes) -> None:
        super().write(data)
        if self.silent:
            return
        if not data.strip(b"\r"):
            return
        if self._due:
            assert len(data) == self._due
            self._due = 0
            self.say(lines("OK", f"+CIPSEND: 0,{len(data)},{len(data)}"))
            self._link.hear(data)
            return
        for text in data.split(b"\r")[:-1]:
            self._obey(text.decode())

    def lose_link(self) -> None:
        self._is_open = False
        self.say(lines("+IPCLOSE: 0,1"))

    def _obey(self, text: str) -> None:
        name, _, rest = text.removeprefix("AT").partition("=")
        arguments = rest.split(",")
        answers: dict[str, Callable[[list[str]], bytes]] = {
            "+CPIN?": lambda _: lines("+CPIN: READY", "OK"),
            "+CGSN": lambda _: lines("860000000000001", "OK"),
            "+CIMI": lambda _: lines("460001234567890", "OK"),
            "+CICCID": lambda _: lines("+ICCID: 89860000000000000001", "OK"),
            "+CEREG?": lambda _: lines("+CEREG: 0,1", "OK"),
            "+NETOPEN?": lambda _: lines("+NETOPEN: 1", "OK"),
            "+CMEE?": lambda _: lines("+CMEE: 2", "OK"),
            "+CFUN?": lambda _: lines("+CFUN: 1", "OK"),
            "+CREG?": lambda _: lines("+CREG: 0,1", "OK"),
            "+CSQ": self._signal,
            "+CIPCLOSE": self._close,
            "+CIPOPEN": self._open,
            "+CIPSEND": self._send,
            "+CIPRXGET": self._fetch,
            "+CTTS": self._speak,
        }
        self.say(answers.get(name, lambda _: lines("OK"))(arguments))

    def _signal(self, _: list[str]) -> bytes:
        self.signal_asked += 1
        return lines("+CSQ: 20,99", "OK")

    def _close(self, _: list[str]) -> bytes:
        was, self._is_open = self._is_open, False
        return lines("OK", "+CIPCLOSE: 0,0") if was else lines("+CIPCLOSE: 0,2", "ERROR")

    def _open(self, _: list[str]) -> bytes:
        if self.refuse:
            return lines("OK", "+CIPOPEN: 0,1")
        self._is_open, self._held = True, b""
        self._link = self.peer.open(self._arrive)
        return lines("OK", "+CIPOPEN: 0,0")

    def _send(self, arguments: list[str]) -> bytes:
        if not self._is_open:
            return lines("ERROR")
        self._due = int(arguments[1])
        return b"\r\n> "

    def _fetch(self, arguments: list[str]) -> bytes:
        if arguments[0] == "1":
            return lines("OK")
        if not self._held:
            return lines("+IPERROR: No data", "ERROR")
        most = int(arguments[2])
        data, self._held = self._held[:most], self._held[most:]
        head = f"\r\n+CIPRXGET: 2,0,{len(data)},{len(self._held)}\r\n"
        return head.encode() + data + lines("OK")

    def _speak(self, arguments: list[str]) -> bytes:
        if arguments == ["?"]:
            return lines("OK")
        if arguments == ["0"]:
            return lines("+CTTS: 0", "OK")
        self.spoken.append(bytes.fromhex(arguments[1].strip('"')).decode("utf-16-be"))
        asyncio.get_running_loop().call_later(1.0, self.say, lines("+CTTS: 0"))
        return lines("+CTTS:", "OK")

    def _arrive(self, data: bytes) -> None:
        if self._is_open:
            self._held += data
            if not self.silent:
                self.say(lines("+CIPRXGET: 1,0"))


class Relay:
    """A contactor whose own contact follows its coil after `lag_ms`, or is `stuck` at 0 or 1.

    For `chatter_ms` after it followed, every second look finds it where it was."""

    def __init__(self) -> None:
        self.driven = 0
        self.lag_ms, self.chatter_ms = 40, 0
        self._stuck: int | None = None
        self.moves: list[tuple[int, int]] = []
        self.looks_ms: list[int] = []
        self.edge: Edge | None = None
        self._before, self._there = 0, False

    def close(self) -> None:
        self._drive(1)

    def open(self) -> None:
        self._drive(0)

    def _drive(self, coil: int) -> None:
        if coil != self.driven:
            self._before = self.closed
            self.driven = coil
            self.moves.append((now_ms(), coil))
            asyncio.get_running_loop().call_later(self.lag_ms / 1000, self._follow)

    @property
    def stuck(self) -> int | None:
        return self._stuck

    @stuck.setter
    def stuck(self, level: int | None) -> None:
        self._stuck = level
        self._follow()

    def _follow(self) -> None:
        if self.edge:
            self.edge.set()

    @property
    def closed(self) -> int:
        self.looks_ms.append(now_ms())
        if self.stuck is not None:
            return self.stuck
        since_ms = now_ms() - self.moves[-1][0] if self.moves else self.lag_ms + self.chatter_ms
        if since_ms < self.lag_ms:
            return self._before
        if since_ms < self.lag_ms + self.chatter_ms:
            self._there = not self._there
            return self.driven if self._there else self._before
        return self.driven


class Flash(dict):
    """The store: what is in it survives the board."""

    def get(self, name: str, most: int = 512) -> bytes | None:
        value = super().get(name)
        return value if value is not None and len(value) <= most else None

    def put(self, name: str, value: bytes) -> None:
        assert isinstance(value, bytes)
        self[name] = value


class Edge:
    """asyncio.ThreadSafeFlag: one waiter, and a set that is not waited for is kept."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()


class Input:
    """An input of the board: its changes wake the senses."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = "_in_" + name

    def __get__(self, board: Any, owner: type) -> Any:
        return getattr(board, self._name, self._value)

    def __set__(self, board: Any, value: Any) -> None:
        setattr(board, self._name, value)
        board.edge.set()


class Silence:
    """A radio that no phone is near to."""

    class Characteristic:
        def write(self, data: bytes) -> None:
            """Nobody reads it."""

        async def written(self) -> None:
            await asyncio.Event().wait()

    def serve(self, rows: tuple) -> list:
        return [self.Characteristic() for _ in rows]

    async def meet(self, name: bytes) -> None:
        await asyncio.Event().wait()


class Boots:
    """The loader, on an ordinary start."""

    on_trial = False
    good_ms = 0

    def pending(self) -> bool:
        return False

    def good(self) -> None:
        self.good_ms = now_ms()


class Board:
    amps = Input(0)
    button = Input(False)
    lid = Input(0)
    has_mains = Input(1)
    gas = Input(0)  # mV
    celsius = Input(40)

    def __init__(self, modem: AtModem, flash: Flash, boot: int, folder: str = "") -> None:
        self.folder = folder
        self.radio = Silence()
        self.boots = Boots()
        self.relay = Relay()
        self.clock = UpClock()
        self.store = flash
        self.modem = modem
        self.edge = Edge()
        self.relay.edge = self.edge
        self.fed = 0
        self.restarts = 0
        self._boot = boot

    def serial(self) -> AtModem:
        return self.modem

    def pressed(self) -> bool:
        return self.button

    def lid_open(self) -> int:
        return self.lid

    def mains(self) -> int:
        return self.has_mains

    def arc_sensed(self) -> int:
        return int(self.amps >= 8)

    def gas_mv(self) -> int:
        return self.gas

    def temperature_c(self) -> int:
        return self.celsius

    def restart(self) -> None:
        self.relay.open()
        self.restarts += 1

    def current_mv(self) -> int:
        return 1650 + (1 if now_ms() % 2 else -1) * self.amps * 2  # a square wave

    async def press_power_key(self, held_ms: int) -> None:
        await self.modem.press(held_ms)

    def start_watchdog(self, timeout_ms: int) -> None:
        self.fed = 1

    def feed_watchdog(self) -> None:
        self.fed += 1

    def boot_reason(self) -> str:
        return "power"

    def random(self, count: int) -> bytes:
        return bytes([self._boot]) * count


class Bench:
    """One terminal; `power_on` may be called again, as after a power cut."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.peer = Peer()
        self.flash = Flash(IDENTITY)
        self.boots = 0
        self.n = 0
        self._ids = 0
        self._others: set[asyncio.Task] = set()
        self._task: asyncio.Task | None = None

    # power ---------------------------------------------------------------------------------

    async def power_on(self) -> None:
        """Until the terminal is on line."""
        if self._task:
            await end_all(self._others)
        self._others = asyncio.all_tasks()
        self.boots += 1
        self.modem = AtModem(self.peer)
        self.board = Board(self.modem, self.flash, self.boots, self.folder + "/")
        self.booted_ms = now_ms()
        self.terminal = Terminal(self.board)
        self._task = asyncio.create_task(self.terminal.run())
        wanted = len(self.of_code("FF")) + 1
        while len(self.of_code("FF")) < wanted:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    @property
    def relay(self) -> Relay:
        return self.board.relay

    @property
    def up(self) -> int:
        return now_ms() - self.booted_ms

    @property
    def guests(self) -> Guests:
        """What the terminal has for phones, as when one has come."""
        self.terminal.receive()
        return self.terminal.guests

    # the cloud -----------------------------------------------------------------------------

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.peer.messages]

    def of_code(self, code: str) -> list[dict[str, Any]]:
        return [said["content"] for said in self.said() if said.get("actionCode") == code]

    def answers(self, id: str) -> list[dict[str, Any]]:
        return [said for said in self.said() if said.get("id") == id]

    def events(self, service: str) -> list[dict[str, Any]]:
        """The paras of every event of a service."""
        found = [said["services"][0] for said in self.said() if "services" in said]
        return [event["paras"] for event in found if event["service_id"] == service]

    def journal(self) -> list[dict[str, Any]]:
        """What is in the terminal's journal."""
        journal = self.terminal.journal
        journal.rewind(1)
        entries, _ = journal.batch(1 << 20)
        return entries

    def tell(self, service: str, kind: str, paras: dict[str, Any]) -> None:
        one = {"service_id": service, "event_type": kind, "paras": paras}
        self.send(json.dumps({"services": [one]}).encode())

    def tell_time(self, sent: int, forged: bool = False) -> None:
        """The cloud's answer to the question for the time."""
        at = signing.IAT + now_ms()
        text = f"{signing.DEVICE}|time_sync|{sent}|{at}|{at}"
        paras = {"device_send_time": sent, "server_recv_time": at, "server_send_time": at}
        key = "receipt" if forged else "command"
        self.tell("$time_sync", "time_sync_response", paras | {"mac": signing.mac(key, text)})

    def tell_stored(self, log: str, to: int, forged: bool = False) -> None:
        key = "receipt" if forged else "command"
        text = f"{signing.DEVICE}|stored|{log}|{to}"
        self.tell("journal", "stored", {"log": log, "to": to, "mac": signing.mac(key, text)})

    def epoch(self) -> str:
        return self.of_code("00")[-1]["epoch"]

    def make(self, name: str, code: str = "", **content: Any) -> tuple[str, bytes]:
        """(id, body) of a good command, whatever is in doubt is given in `content`."""
        self.n += 1
        self._ids += 1
        id = f"c{self._ids:07}"
        whole = {
            "epoch": self.epoch(),
            "n": self.n,
            "x": self.up + 15_000,
            "iat": signing.IAT + now_ms(),
        } | content
        return id, signing.body(id, name, code, signing.sign(id, name, code, whole))

    def send(self, body: bytes) -> None:
        self.peer.link.send(DOWN, body)

    async def order(self, name: str, code: str = "", **content: Any) -> dict[str, Any]:
        """Sends a command and gives the `paras` of its one answer."""
        id, body = self.make(name, code, **content)
        self.send(body)
        await asyncio.sleep(2)
        (answer,) = self.answers(id)
        result = answer["paras"]["result"]
        assert answer["response_name"] == name
        assert result["mac"] == signing.receipt(id, result, answer["paras"]["code"])
        return answer["paras"]

    async def switch_on(self, job: str = "j1", lease_s: int = 3600, **more: Any) -> dict[str, Any]:
        return await self.order("switch", "1", job=job, lease_s=lease_s, **more)

    async def switch_off(self, job: str = "j1", **more: Any) -> dict[str, Any]:
        return await self.order("switch", "0", job=job, reason="welder", **more)

    def state(self) -> tuple:
        """All that a command could change."""
        terminal = self.terminal
        return (
            self.relay.driven,
            tuple(self.relay.moves),
            terminal.controller.mode,
            terminal.controller.job,
            terminal.controller.lease_end,
            tuple(terminal.controller.ended),
            terminal.authority.n,
            terminal.authority.unlocked_n,
            terminal.time.now(0),
            dict(self.flash),
            tuple(self.modem.spoken),
        )


def on_bench(script: Callable[[Bench], Coroutine[Any, Any, Any]]) -> Bench:
    """Runs `script` with a terminal that is on line."""

    async def work() -> Bench:
        with tempfile.TemporaryDirectory(prefix="hanma-bench-") as folder:
            bench = Bench(folder)
            await bench.power_on()
            await script(bench)
            assert not bench._task.done(), bench._task
        return bench

    return run(work())
