"""Both drivers, each on its simulated module over a real serial line, towards real servers."""

import asyncio
import hmac
import os
import time
from pathlib import Path

import pytest
from terminal.dialect import by_name
from terminal.modem import choose, http, ntp
from terminal.modem.chat import ModemError
from terminal.modem.socket import Closed
from terminal.policy import Policy
from terminal.settings import identity
from terminal.uplink import Uplink

from cloud.mqtt.broker import Broker
from cloud.mqtt.rights import Account
from simulator.certificates import Authority

from .table import HOST, Clock, Run, Table, echo, listening, told

pytestmark = pytest.mark.slow
UPLOAD = {"a7670": "AT+CCERTDOWN", "air780e": "AT+FSWRITE"}
METRES = {"a7670": 550, "air780e": 1_000}  # Luat's does not say how good its place is
# --- TLS ----------------------------------------------------------------------------------------


def test_bytes_go_both_ways_through_the_modules_tls(on_a_table: Run, tmp_path: Path) -> None:
    ca = Authority()
    text = bytes(range(256)) * 20

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=ca.server(tmp_path, HOST))
        table.pem = ca.pem
        sock = await table.modem.connect(HOST, port, tls=True)
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

    on_a_table(script)


def test_a_module_with_bad_manners_carries_the_same(on_a_table: Run, tmp_path: Path) -> None:
    """Either spelling, slow answers, notes between lines, bytes in pieces."""
    ca = Authority()
    text = b"\nOK\r\n> 0, CLOSED\r\n" + bytes(range(256)) * 8

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=ca.server(tmp_path, HOST))
        table.pem = ca.pem
        sock = await table.modem.connect(HOST, port, tls=True)
        table.module.mischief.intrusions = 20
        await sock.write(text)
        assert await told(sock, len(text)) == text
        await table.modem.speak("焊机")
        assert [said for _, said in table.module.speaker.heard()] == ["焊机"]
        server.close()

    on_a_table(script, nasty=True, fragment=True)


def test_a_server_of_another_name_is_refused(on_a_table: Run, tmp_path: Path) -> None:
    ca = Authority()

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=ca.server(tmp_path, "other.example"))
        table.pem = ca.pem
        with pytest.raises(ModemError, match=r"error 15|refused"):
            await table.modem.connect(HOST, port, tls=True)
        server.close()

    on_a_table(script)


def test_a_server_of_another_ca_is_refused(on_a_table: Run, tmp_path: Path) -> None:
    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=Authority().server(tmp_path, HOST))
        table.pem = Authority().pem
        with pytest.raises(ModemError, match=r"error 15|refused"):
            await table.modem.connect(HOST, port, tls=True)
        server.close()

    on_a_table(script)


@pytest.mark.parametrize("pem", [b"", b"no certificate at all\n"])
def test_without_a_good_ca_there_is_no_connection(on_a_table: Run, pem: bytes) -> None:
    async def script(table: Table) -> None:
        table.pem = pem
        with pytest.raises(OSError):
            await table.modem.connect(HOST, 1, tls=True)

    on_a_table(script)


def test_the_ca_is_uploaded_once_and_an_old_one_removed(on_a_table: Run, tmp_path: Path) -> None:
    first, second = Authority(), Authority()

    async def script(table: Table) -> None:
        server, port = await listening(echo, ssl=second.server(tmp_path, HOST))
        table.module.memory.certificates["other.pem"] = b"not ours"
        await table.modem.install_ca(first.pem)
        await table.modem.install_ca(first.pem)
        await table.modem.install_ca(second.pem)
        assert len(table.commands(UPLOAD[table.maker])) == 2
        await table.modem.ready(3)  # the module was off: it still has it
        sock = await table.modem.connect(HOST, port, tls=True)
        await sock.write(b"x")
        assert await told(sock, 1) == b"x"
        assert len(table.commands(UPLOAD[table.maker])) == 2
        kept = set(table.module.memory.certificates.values())
        assert {b"not ours", second.pem} <= kept
        assert first.pem not in kept or table.maker != "a7670"
        server.close()

    on_a_table(script)


def test_an_end_by_the_peer_is_told_after_its_last_bytes(on_a_table: Run, tmp_path: Path) -> None:
    ca = Authority()

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.close()

    async def script(table: Table) -> None:
        server, port = await listening(leave, ssl=ca.server(tmp_path, HOST))
        table.pem = ca.pem
        sock = await table.modem.connect(HOST, port, tls=True)
        assert await told(sock, 3) == b"bye"
        with pytest.raises(Closed):
            while True:
                await sock.read(5000)
        server.close()

    on_a_table(script)


def test_a_terminal_logs_in_at_the_embedded_broker_by_tls(on_a_table: Run, tmp_path: Path) -> None:
    ca = Authority()
    asked: list[tuple[str, str, str]] = []

    def login(*who: str) -> Account:
        asked.append(who)
        return Account("HM-1")

    broker = Broker(login, port=0, tls=ca.server(tmp_path, HOST))
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
        on_a_table(script)
    finally:
        broker.stop()


# --- UDP, time, place ---------------------------------------------------------------------------


@pytest.mark.parametrize("unix_s", [1_795_000_000, 2_100_000_000])
def test_the_time_comes_by_udp(on_a_table: Run, unix_s: int) -> None:
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


def test_no_answer_by_udp_is_no_time(on_a_table: Run) -> None:
    async def script(table: Table) -> None:
        assert await table.modem.datagram(HOST, 9, b"x", 200) == b""

    on_a_table(script)


def test_the_network_tells_the_time(on_a_table: Run) -> None:
    async def script(table: Table) -> None:
        table.radio.tell_time()
        assert abs(await table.modem.clock_ms() - time.time() * 1000) < 3000

    on_a_table(script)


def test_the_place_comes_from_the_cells_and_zero_zero_is_none(on_a_table: Run) -> None:
    async def script(table: Table) -> None:
        assert await table.modem.locate() == (29_489_428, 106_638_084, METRES[table.maker])
        table.module.mischief.no_place = 0
        with pytest.raises(ModemError, match="no position"):
            await table.modem.locate()

    on_a_table(script)


def test_what_the_module_can_do_is_asked(on_a_table: Run) -> None:
    async def script(table: Table) -> None:
        assert table.modem.capabilities == {"tts", "lbs", "tls", "udp"}

    on_a_table(script)


# --- HTTP ---------------------------------------------------------------------------------------


def test_a_download_goes_on_where_it_was_torn(on_a_table: Run, tmp_path: Path) -> None:
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
        server, port = await listening(serve, ssl=ca.server(tmp_path, HOST))
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


def test_a_module_at_another_rate_is_met_there_and_kept_at_ours(on_a_table: Run) -> None:
    async def script(table: Table) -> None:
        table.module.memory.baud = 9_600
        table.line.set_modem_baud(9_600)
        await table.modem.ready(1)
        assert table.line.modem_baud == table.module.memory.baud == 115_200
        assert 0 <= await table.modem.signal() <= 31
        assert table.modem.ladder == [0, 1, 0, 0]

    on_a_table(script)


def test_a_module_left_waiting_for_data_by_a_terminal_that_restarted_is_freed(
    on_a_table: Run,
) -> None:
    async def script(table: Table) -> None:
        server, port = await listening(echo)
        await table.modem.connect(HOST, port)
        table.serial.write(b"AT+CIPSEND=0,1000\r")
        await asyncio.sleep(0.1)
        again = choose(table.maker)(table.chat, table)  # as after a restart: it knows nothing
        await again.ready()
        assert table.module.starts == 1
        sock = await again.connect(HOST, port)
        await sock.write(b"x")
        assert await told(sock, 1) == b"x"
        server.close()

    on_a_table(script)
