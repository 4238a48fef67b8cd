"""The SIMCom driver on a simulated module over a real serial line, towards real servers."""

import asyncio
import hmac
import os
import random
import ssl
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from terminal.dialect import by_name
from terminal.modem import http, ntp
from terminal.modem.chat import Chat, ModemError
from terminal.modem.simcom import Simcom
from terminal.modem.socket import Closed
from terminal.policy import Policy
from terminal.settings import identity
from terminal.uplink import Uplink

from cloud.mqtt.broker import Broker
from cloud.mqtt.rights import Account
from simulator.world.line import Line
from simulator.world.modem import Modem
from simulator.world.module import Timing
from simulator.world.power import Presses
from simulator.world.radio import Radio
from simulator.world.speaker import Speaker

pytestmark = pytest.mark.slow
HOST = "cloud.example"
QUICK = Timing(presses=Presses(on_s=0.03, off_s=1.0), off_s=0.1, netopen_s=0.02, locate_s=0.05)


class Serial:
    """The firmware's end of the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._fd = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._more.set)

    async def read(self, most: int = 512) -> bytes:
        while True:
            with suppress(BlockingIOError):
                data = os.read(self._fd, most)
                if data:
                    return data
            self._more.clear()
            await self._more.wait()

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def set_baud(self, baud: int) -> None:
        self._line.set_host_baud(baud)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)


class Table:
    """A module, its driver, and the CA that the bench wrote to the board."""

    def __init__(self, secure: bool = False) -> None:
        self.line = Line()
        self.radio = Radio(search_s=0.05, nitz_s=0.05, one_way_s=0.005)
        self.radio.names[HOST] = "127.0.0.1"
        self.module = Modem(
            self.line, self.radio, Speaker(), boot_s=0.2, timing=QUICK, rng=random.Random(3)
        )
        self.pem = b""
        self.serial = Serial(self.line)
        self.chat = Chat(self.serial)
        self.modem = Simcom(self.chat, self, secure=secure)

    async def press_power_key(self, held_ms: int) -> None:
        self.module.power_key(0)
        await asyncio.sleep(held_ms / 1000)
        self.module.power_key(1)

    def ca(self) -> bytes:
        if not self.pem:
            raise OSError("no ca.pem")
        return self.pem

    def commands(self, start: str) -> list[str]:
        said = self.module.transcript
        return [s.text for s in said if not s.by_modem and s.text.startswith(start)]


def on_a_table(script: Callable[[Table], Any], secure: bool = False) -> None:
    async def work() -> None:
        table = Table(secure)
        tasks = [asyncio.create_task(w) for w in (table.module.run(), table.chat.run())]
        try:
            async with asyncio.timeout(60):
                await table.modem.ready()
                await script(table)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            table.serial.close()
            table.module.close()
            table.line.close()
            await asyncio.sleep(0.02)

    asyncio.run(work())


class Authority:
    """A CA and what it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made-up CA")])
        made = self._begun(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.pem = made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _begun(self, name: x509.Name, key: ec.EllipticCurvePrivateKey) -> Any:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self._name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        return made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(99))

    def server(self, folder: Path, host: str = HOST) -> ssl.SSLContext:
        """A context for a server of this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName(
            [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.2"))]
        )
        made = self._begun(name, key).add_extension(names, critical=False)
        chain = folder / f"{host}.pem"
        chain.write_bytes(
            made.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)
            + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()


async def listening(serve: Callable, **more: Any) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, **more)
    return server, server.sockets[0].getsockname()[1]


async def told(sock: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await sock.read(5000)
    return data


# --- TLS ----------------------------------------------------------------------------------------


def test_bytes_go_both_ways_through_the_modules_tls(tmp_path: Path) -> None:
    ca = Authority()
    text = bytes(range(256)) * 20

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=ca.server(tmp_path))
        table.pem = ca.pem
        sock = await table.modem.connect(HOST, port)
        await sock.write(text)
        assert await told(sock, len(text)) == text
        other = await table.modem.connect(HOST, port, tls=True, link=1)
        await other.write(b"two at once")
        await sock.write(b"one")
        assert await told(other, 11) == b"two at once"
        assert await told(sock, 3) == b"one"
        await other.close()
        await sock.close()
        assert table.modem.sent == table.modem.rcvd == len(text) + 14
        server.close()

    on_a_table(script, secure=True)


def test_a_server_of_another_name_is_refused(tmp_path: Path) -> None:
    ca = Authority()

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=ca.server(tmp_path, "other.example"))
        table.pem = ca.pem
        with pytest.raises(ModemError, match="error 15"):
            await table.modem.connect(HOST, port)
        server.close()

    on_a_table(script, secure=True)


def test_a_server_of_another_ca_is_refused(tmp_path: Path) -> None:
    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=Authority().server(tmp_path))
        table.pem = Authority().pem
        with pytest.raises(ModemError, match="error 15"):
            await table.modem.connect(HOST, port)
        server.close()

    on_a_table(script, secure=True)


@pytest.mark.parametrize("pem", [b"", b"no certificate at all\n"])
def test_without_a_good_ca_there_is_no_connection(pem: bytes) -> None:
    async def script(table: Table) -> None:
        table.pem = pem
        with pytest.raises(OSError):
            await table.modem.connect(HOST, 1)

    on_a_table(script, secure=True)


def test_the_ca_is_uploaded_once_and_an_old_one_removed(tmp_path: Path) -> None:
    first, second = Authority(), Authority()

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=second.server(tmp_path))
        table.module.memory.certificates["other.pem"] = b"not ours"
        await table.modem.install_ca(first.pem)
        await table.modem.install_ca(first.pem)
        await table.modem.install_ca(second.pem)
        assert len(table.commands("AT+CCERTDOWN")) == 2
        await table.modem.ready(3)  # the module was off: it still has it
        sock = await table.modem.connect(HOST, port, tls=True)
        await sock.write(b"x")
        assert await told(sock, 1) == b"x"
        assert len(table.commands("AT+CCERTDOWN")) == 2
        kept = table.module.memory.certificates
        assert sorted(kept.values()) == sorted([b"not ours", second.pem])
        server.close()

    on_a_table(script)


def test_an_end_by_the_peer_is_told_after_its_last_bytes(tmp_path: Path) -> None:
    ca = Authority()

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.close()

    async def script(table: Table) -> None:
        server, port = await listening(leave, ssl=ca.server(tmp_path))
        table.pem = ca.pem
        sock = await table.modem.connect(HOST, port)
        assert await told(sock, 3) == b"bye"
        with pytest.raises(Closed):
            while True:
                await sock.read(5000)
        server.close()

    on_a_table(script, secure=True)


def test_a_terminal_logs_in_at_the_embedded_broker_by_tls(tmp_path: Path) -> None:
    ca = Authority()
    asked: list[tuple[str, str, str]] = []

    def login(*who: str) -> Account:
        asked.append(who)
        return Account("HM-1")

    broker = Broker(login, port=0, tls=ca.server(tmp_path))
    broker.start()

    async def script(table: Table) -> None:
        table.pem = ca.pem
        server = f"mqtts://{HOST}:{broker.port}".encode()
        who = identity({"device": b"HM-1", "secret": bytes(32), "server": server})
        key = hmac.digest(bytes(32), b"mqtt", "sha256").hex()
        greeted = asyncio.Event()

        def greet() -> list[bytes]:
            greeted.set()
            return [b"{}"]

        uplink = Uplink(
            table.modem,
            who,
            by_name("native", "HM-1", bytes(32)),
            Policy(),
            os.urandom,
            greet,
            lambda: b"{}",
            print,
            lambda: 0,
        )
        task = asyncio.create_task(uplink.run())
        await greeted.wait()
        assert asked == [("HM-1", "HM-1", key)]
        assert broker.connected() == ["HM-1"]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    try:
        on_a_table(script, secure=True)
    finally:
        broker.stop()


# --- UDP, time, place ---------------------------------------------------------------------------


class Clock(asyncio.DatagramProtocol):
    """An NTP server at a fixed time; `spoil` changes its answers."""

    def __init__(self, unix_s: int, spoil: Callable[[bytearray], bytes] = bytes) -> None:
        self.unix_s, self.spoil = unix_s, spoil

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple) -> None:
        head = bytes([0x24, 2]) + bytes(22)
        stamp = struct.pack("!II", (self.unix_s + 2_208_988_800) % 2**32, 2**31)
        self.transport.sendto(self.spoil(bytearray(head + data[40:48] + stamp * 2)), addr)


@pytest.mark.parametrize("unix_s", [1_795_000_000, 2_100_000_000])
def test_the_time_comes_by_udp(unix_s: int) -> None:
    async def script(table: Table) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Clock(unix_s), local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        for _ in range(2):
            assert await ntp.ask(table.modem, HOST, port) == unix_s * 1000 + 500
        transport.close()

    on_a_table(script)


def test_no_answer_by_udp_is_no_time() -> None:
    async def script(table: Table) -> None:
        assert await table.modem.datagram(HOST, 9, b"x", 200) == b""

    on_a_table(script)


def test_the_network_tells_the_time() -> None:
    async def script(table: Table) -> None:
        table.radio.tell_time()
        assert abs(await table.modem.clock_ms() - time.time() * 1000) < 3000

    on_a_table(script)


def test_the_place_comes_from_the_cells_and_zero_zero_is_none() -> None:
    async def script(table: Table) -> None:
        assert await table.modem.locate() == (29_489_428, 106_638_084, 550)
        table.module.mischief.no_place = 0
        with pytest.raises(ModemError, match="no position"):
            await table.modem.locate()

    on_a_table(script)


def test_what_the_module_can_do_is_asked() -> None:
    async def script(table: Table) -> None:
        assert table.modem.capabilities == {"tts", "lbs", "tls", "udp"}

    on_a_table(script)


# --- HTTP ---------------------------------------------------------------------------------------


def test_a_download_goes_on_where_it_was_torn(tmp_path: Path) -> None:
    ca, whole = Authority(), os.urandom(9_000)
    ranges: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        start = int(head.partition("bytes=")[2].partition("-")[0] or 0)
        ranges.append(f"{start} {'Bearer t' in head}")
        status = "206 Partial" if start else "200 OK"
        part = whole[start : start + 5_000]  # and then it breaks off
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(whole) - start}\r\n".encode())
        writer.write(f"Content-Range: bytes {start}-8999/9000\r\n\r\n".encode() + part)
        writer.close()

    async def script(table: Table) -> None:
        server, port = await listening(serve, ssl=ca.server(tmp_path))
        table.pem = ca.pem
        got = bytearray()
        url, bearer = f"https://{HOST}:{port}/fw?x=1", {"Authorization": "Bearer t"}
        with pytest.raises(OSError):
            await http.get(table.modem, url, bearer, 0, got.extend)
        assert 0 < len(got) <= 5_000
        await http.get(table.modem, url, bearer, len(got), got.extend)
        assert got == whole
        assert ranges == ["0 True", "5000 True"]
        server.close()

    on_a_table(script)


# --- the cable ----------------------------------------------------------------------------------


def test_a_module_at_another_rate_is_met_there_and_kept_at_ours() -> None:
    async def script(table: Table) -> None:
        table.module.memory.baud = 9_600
        table.line.set_modem_baud(9_600)
        await table.modem.ready(1)
        assert table.line.modem_baud == table.module.memory.baud == 115_200
        assert 0 <= await table.modem.signal() <= 31
        assert table.modem.ladder == [0, 1, 0, 0]

    on_a_table(script)


def test_a_module_left_waiting_for_data_by_a_terminal_that_restarted_is_freed() -> None:
    async def script(table: Table) -> None:
        server, port = await listening(echo)
        await table.modem.connect(HOST, port)
        table.serial.write(b"AT+CIPSEND=0,1000\r")
        await asyncio.sleep(0.1)
        again = Simcom(table.chat, table)  # as after a restart: it knows nothing
        await again.ready()
        assert table.module.starts == 1
        sock = await again.connect(HOST, port)
        await sock.write(b"x")
        assert await told(sock, 1) == b"x"
        server.close()

    on_a_table(script)
