"""One simulated terminal with a made-up cloud: the broker's end of MQTT, and packages by HTTP."""

import asyncio
import contextlib
import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from release import tree
from simulator.image import make
from simulator.terminal import Manner, Provision, SimulatedTerminal
from tests.firmware import signing
from tests.firmware.peer import Link, Peer
from tests.release import made

DOWN = f"hm/{signing.DEVICE}/down".encode()
PATIENCE_S = 150
TOKEN = "token-of-the-test"


class Packages:
    """HTTP/1.1 over loopback: GET with `Range` and a bearer token, one request a connection.

    `cut_after`: each answer but the last breaks after so many bytes of its body.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.asked: list[tuple[str, int]] = []  # (path, first byte)
        self.cuts: list[int] = []

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await self._give(head, writer)
        writer.close()

    async def _give(self, head: str, writer: asyncio.StreamWriter) -> None:
        path = head.split(" ")[1]
        found = re.search(r"(?mi)^range: bytes=(\d+)-\r$", head)
        start = int(found[1]) if found else 0
        self.asked.append((path, start))
        body = self.bodies.get(path)
        if f"Authorization: Bearer {TOKEN}\r\n" not in head or body is None:
            writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
            return
        lines = [
            f"HTTP/1.1 {'206 Partial Content' if found else '200 OK'}",
            f"Content-Length: {len(body) - start}",
            f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        end = start + self.cuts.pop(0) if self.cuts else len(body)
        for at in range(start, min(end, len(body)), 1000):
            writer.write(body[at : min(at + 1000, end)])
            await writer.drain()


class Stage:
    """The terminal, its broker and its packages; `said` is all that came up."""

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder = folder
        self.peer = Peer()
        self.packages = Packages()
        self._image = image
        self._n = 0
        self._offers = 0
        self._unheard: tuple[dict[str, Any], int, int] | None = None  # offer, log-ins, reports

    async def open(self) -> None:
        self._broker = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        port = self._broker.sockets[0].getsockname()[1]
        await self.packages.open()
        self.terminal = SimulatedTerminal(
            Provision(
                signing.DEVICE, signing.SECRET, f"127.0.0.1:{port}", release_key=made.public()
            ),
            kind="micropython",
            image=self._image,
            flash=self.folder / "flash",
            manner=Manner(boot_s=0.2, search_s=0.1),
        )
        await self.terminal.start()

    async def close(self) -> None:
        await self.terminal.stop()
        self._broker.close()
        self.packages.close()

    async def _connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.link: Link = self.peer.open(writer.write)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(4096):
                self.link.hear(data)
        writer.close()

    # what came up ------------------------------------------------------------------------------

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.peer.messages]

    def logins(self) -> list[dict[str, Any]]:
        return [one["content"] for one in self.said() if one.get("actionCode") == "00"]

    def reports(self) -> list[tuple[int, int]]:
        """(result code, progress) of the upgrades, in their order."""
        found = []
        for one in self.said():
            for service in one.get("services", ()):
                if service["event_type"] == "upgrade_progress_report":
                    paras = service["paras"]
                    found.append((paras["result_code"], paras["progress"]))
        return found

    def alarms(self) -> set[str]:
        return {one["content"]["alarm"] for one in self.said() if one.get("actionCode") == "E0"}

    @property
    def slots(self) -> str:
        path = self.folder / "flash" / "nvs" / "hanma.slots"
        return path.read_text() if path.exists() else ""

    def console(self) -> list[str]:
        return [text for _, text in self.terminal.chip.console]

    async def until(self, wanted: Callable[[], Any], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted():
                    self._offer_again()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError("\n".join([what, *self.console()[-40:]])) from None

    # what goes down ----------------------------------------------------------------------------

    async def on_line(self, times: int = 1) -> None:
        await self.until(lambda: len(self.logins()) >= times, f"log-in {times}")

    async def runs(self, version: str) -> None:
        """Until this version has logged in last; the link may have been lost in between."""
        await self.until(lambda: self.logins()[-1]["fw"] == version, f"log-in of {version}")

    def event(self, kind: str, paras: dict[str, Any]) -> None:
        service = {"service_id": "$ota", "event_type": kind, "paras": paras}
        self.link.send(DOWN, json.dumps({"services": [service]}).encode())

    def offer(self, package: bytes, **changed: Any) -> None:
        """The cloud's `firmware_upgrade`; each under an address of its own."""
        self._offers += 1
        path = f"/t/packages/{self._offers}"
        self.packages.bodies[path] = package
        paras = {
            "version": "0.2.0",
            "url": f"http://127.0.0.1:{self.packages.port}{path}",
            "file_size": len(package),
            "file_name": "hanma.hmu",
            "sign": hashlib.sha256(package).hexdigest(),
            "access_token": TOKEN,
            "expires": 86400,
        }
        self._unheard = paras | changed, len(self.logins()), len(self.reports())
        self.event("firmware_upgrade", paras | changed)

    def _offer_again(self) -> None:
        """As the cloud does: at the next log-in, if nothing came back about it."""
        if self._unheard is None:
            return
        paras, logins, reports = self._unheard
        if len(self.reports()) > reports:
            self._unheard = None
        elif len(self.logins()) > logins:
            self._unheard = paras, len(self.logins()), reports
            self.event("firmware_upgrade", paras)

    def command(self, name: str, **content: Any) -> None:
        self._n += 1
        login = self.logins()[-1]
        whole = {"epoch": login["epoch"], "n": self._n, "x": 1 << 40, "iat": signing.IAT} | content
        id = f"c{self._n:07}"
        self.link.send(DOWN, signing.body(id, name, "", signing.sign(id, name, "", whole)))


@cache
def application(release: int, version: str, broken: str = "") -> dict[str, bytes]:
    """The project's own firmware as a new release, compiled; `broken`: what its package begins
    with, before all else that it does. To be called before the terminals run: it takes seconds."""
    files = tree.named(tree.sources(tree.FIRMWARE), release, version)
    if broken:
        files["terminal/__init__.py"] = broken.encode() + b"\n" + files["terminal/__init__.py"]
    return dict(sorted(tree.compiled(files).items()))


def image(cache: Path) -> Path:
    return make("micropython", cache)
