"""Light terminals with a line each, on a small broker of their own (simulator/fleet.py)."""

import asyncio
import contextlib
import json
import struct
from collections import Counter

import pytest

from simulator.fleet import Fleet, Profile
from simulator.fleet_process import Trusting
from simulator.light import LightTerminal
from simulator.mqtt_line import _length, _packet

SECRETS = {f"HM-990101-00000{n}": bytes([n]) * 32 for n in range(1, 4)}
QUICK = Profile(beat_s=0.05, journal=1.0, alarm=0.0, arrive_s=0.0)
WAIT_S = 60


class Sink:
    """A broker that takes everything; `down(device, body)` sends to one."""

    def __init__(self) -> None:
        self.users: Counter[str] = Counter()
        self.heard: list[tuple[str, bytes]] = []
        self.acked = 0
        self.tasks: list[asyncio.Task | None] = []
        self._writers: dict[str, asyncio.StreamWriter] = {}

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tasks.append(asyncio.current_task())
        data = b""
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65536):
                data += chunk
                while (found := _packet(data, 0)) is not None:
                    first, start, end = found
                    self._take(first, data[start:end], writer)
                    data = data[end:]
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    def _take(self, first: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        kind = first & 0xF0
        if kind == 0x10:
            (size,) = struct.unpack_from("!H", body, 10)
            device = body[12 : 12 + size].decode()
            self.users[device] += 1
            self._writers[device] = writer
            writer.write(b"\x20\x02\x00\x00")
        elif kind == 0x80:
            writer.write(b"\x90\x03" + body[:2] + b"\x01")
        elif kind == 0x30:
            (size,) = struct.unpack_from("!H", body)
            topic, id = body[2 : 2 + size].decode(), body[2 + size : 4 + size]
            self.heard.append((topic, body[4 + size :]))
            writer.write(b"\x40\x02" + id)
        elif kind == 0x40:
            self.acked += 1

    def down(self, device: str, body: bytes) -> None:
        topic = f"hm/{device}/down".encode()
        packet = struct.pack("!H", len(topic)) + topic + b"\x00\x07" + body
        self._writers[device].write(b"\x32" + _length(len(packet)) + packet)

    def break_all(self) -> None:
        for writer in self._writers.values():
            writer.transport.abort()

    def codes(self, device: str) -> list[str]:
        bodies = [json.loads(b) for topic, b in self.heard if topic == f"hm/{device}/up"]
        return [one.get("actionCode", "event") for one in bodies]


async def until(done) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():
            await asyncio.sleep(0.01)


async def with_fleet(play) -> None:
    sink = Sink()
    server = await asyncio.start_server(sink.accept, "127.0.0.1", 0)
    fleet = Fleet(SECRETS, [server.sockets[0].getsockname()[:2]], QUICK)
    fleet.start()
    try:
        await until(lambda: fleet.connected == 3)
        await play(sink, fleet)
    finally:
        await fleet.stop()
        server.close()
        await asyncio.gather(*sink.tasks)


def test_each_logs_in_tells_its_journal_and_beats() -> None:
    async def play(sink: Sink, fleet: Fleet) -> None:
        await until(lambda: all("FF" in sink.codes(device) for device in SECRETS))
        for device in SECRETS:
            assert sink.codes(device)[:2] == ["00", "event"]
        assert fleet.counts.acked > 0 and fleet.unstored >= 3

    asyncio.run(with_fleet(play))


def test_after_a_lost_line_it_comes_back_and_logs_in_again() -> None:
    async def play(sink: Sink, fleet: Fleet) -> None:
        await until(lambda: len(sink.heard) > 6)
        sink.break_all()
        await until(lambda: all(count == 2 for count in sink.users.values()))
        await until(lambda: fleet.connected == 3)
        await until(lambda: all(sink.codes(device).count("00") == 2 for device in SECRETS))
        logins = [json.loads(body) for _, body in sink.heard if b'"00"' in body]
        assert {one["content"]["conn"] for one in logins} == {1, 2}

    asyncio.run(with_fleet(play))


def test_a_command_with_a_wrong_mac_is_refused_and_counted() -> None:
    async def play(sink: Sink, fleet: Fleet) -> None:
        device = next(iter(SECRETS))
        content = {"job": "j", "lease_s": 60, "n": 1, "x": 10**9, "epoch": "", "mac": "00"}
        paras = {"actionCode": "1", "actionName": "开机", "content": content}
        body = {"service_id": "welder", "command_name": "switch", "paras": paras, "id": "c1"}
        sink.down(device, json.dumps(body).encode())
        await until(lambda: fleet.oddities == 1 and sink.acked == 1)
        await until(lambda: any(b"bad-mac" in body for _, body in sink.heard))
        assert all(member.terminal.relay == 0 for member in fleet.members)

    asyncio.run(with_fleet(play))


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_000_000])
def test_a_packets_length_is_read_as_it_is_written(size: int) -> None:
    packet = b"\x30" + _length(size) + bytes(size)
    assert _packet(packet, 0) == (0x30, len(packet) - size, len(packet))
    assert _packet(packet[:-1], 0) is None if size else True


def test_the_same_command_twice_moves_the_relay_once() -> None:
    terminal = LightTerminal("HM-990101-000001", b"k" * 32, 1_000_000)
    answers = {terminal.hear(b'{"id":"a","command_name":"say","paras":{"actionCode":"",'
                             b'"actionName":"","content":{"say":"x","mac":"0"}}}', 1_000_000)
               for _ in range(2)}  # fmt: skip
    assert len(answers) == 1 and terminal.moved == []


def test_a_trusting_terminal_obeys_without_a_mac_and_tells_that_its_relay_moved(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Trusting("HM-990101-000001", b"k" * 32, 1_000_000)
    paras = {"actionCode": "1", "actionName": "开机", "content": {"job": "j", "lease_s": 60}}
    command = {"service_id": "welder", "command_name": "switch", "id": "j", "paras": paras}
    answer = json.loads(terminal.hear(json.dumps(command).encode(), 1_000_000) or b"")
    assert (answer["id"], answer["result_code"], answer["paras"]["result"]["relay"]) == ("j", 0, 1)
    assert json.loads(capsys.readouterr().out) == {
        "device": terminal.device,
        "job": "j",
        "relay": 1,
    }
