import asyncio
import os
import random
import time
from contextlib import asynccontextmanager

import pytest

from simulator.world.line import Ledger, Line, Way


class Far:
    """The modem's end: keeps what it hears."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.times: list[int] = []

    def __call__(self, data: bytes) -> None:
        self.heard += data
        self.times.append(time.monotonic_ns())


@asynccontextmanager
async def cable(baud=115_200, **options):
    line, far = Line(baud, **options), Far()
    line.start(far)
    fd = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    try:
        yield line, far, fd
    finally:
        os.close(fd)
        line.close()


async def gather(fd: int, nbytes: int, seconds: float = 15.0) -> bytes:
    got = b""
    async with asyncio.timeout(seconds):
        while len(got) < nbytes:
            got += os.read(fd, 4096)
            await asyncio.sleep(0.001)
    return got


async def hear(far: Far, nbytes: int, seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while len(far.heard) < nbytes:
            await asyncio.sleep(0.001)


async def test_a_plain_read_with_nothing_there_returns_at_once():
    async with cable() as (_, _, fd):
        start = time.monotonic()
        assert os.read(fd, 100) == b""
        assert time.monotonic() - start < 1


async def test_all_byte_values_pass_unchanged_both_ways():
    every = bytes(range(256))
    async with cable() as (line, far, fd):
        os.write(fd, every)
        line.send(every)
        await hear(far, 256)
        assert far.heard == every
        assert await gather(fd, 256) == every


@pytest.mark.parametrize("way", Way)
async def test_a_thousand_bytes_at_9600_baud_take_more_than_a_second(way):
    async with cable(9_600) as (line, far, fd):
        start = time.monotonic()
        if way is Way.TO_MODEM:
            os.write(fd, bytes(1_000))
            await hear(far, 1_000)
        else:
            line.send(bytes(1_000))
            await gather(fd, 1_000)
        assert 1.04 <= time.monotonic() - start < 4


async def test_bytes_arrive_one_after_the_other_and_not_in_one_lump():
    async with cable(9_600) as (_, far, fd):
        start = time.monotonic_ns()
        os.write(fd, bytes(96))
        await hear(far, 96)
        assert len(far.times) > 5
        assert far.times[-1] - start >= 100e6


async def test_both_directions_run_at_the_same_time():
    async with cable(9_600) as (line, far, fd):
        os.write(fd, bytes(300))
        line.send(bytes(300))
        await gather(fd, 300)
        assert len(far.heard) > 150
        await hear(far, 300)


async def test_what_the_firmware_does_not_read_waits_and_is_not_lost():
    data = random.Random(4).randbytes(100_000)
    async with cable(3_000_000) as (line, _, fd):
        line.set_host_baud(3_000_000)
        line.send(data)
        await asyncio.sleep(0.6)
        assert line.pending > 0
        assert await gather(fd, len(data)) == data
        assert line.pending == 0


async def test_writes_faster_than_the_wire_fill_up_and_come_short():
    async with cable(9_600) as (_, far, fd):
        os.set_blocking(fd, False)
        written = 0
        with pytest.raises(BlockingIOError):
            while written < 1_000_000:
                written += os.write(fd, bytes(1_024))
        assert written < 200_000
        await asyncio.sleep(0.1)
        assert 0 < len(far.heard) < 500


async def test_fragments_come_in_small_pieces_with_pauses():
    text = b"\r\n+CIPRXGET: 2,0,5,0\r\nHELLO\r\nOK\r\n"
    async with cable(fragment=True, rng=random.Random(2)) as (line, _, fd):
        sizes, got = [], b""
        line.send(text)
        async with asyncio.timeout(60):
            while len(got) < len(text):
                piece = os.read(fd, 100)
                if piece:
                    sizes.append(len(piece))
                    got += piece
                await asyncio.sleep(0)
        assert got == text
        assert len(sizes) > 3 and min(sizes) <= 8


async def test_the_rate_of_both_ends_must_agree():
    async with cable(115_200) as (line, far, fd):
        line.set_host_baud(9_600)
        os.write(fd, b"AT\r")
        line.send(b"\r\nRDY\r\n")
        await asyncio.sleep(0.1)
        assert far.heard and far.heard != b"AT\r"
        assert b"RDY" not in os.read(fd, 100)
        far.heard.clear()
        line.set_host_baud(115_200)
        os.write(fd, b"AT\r")
        await hear(far, 3)
        assert far.heard == b"AT\r"


async def test_lost_bytes_are_lost_only_where_and_while_a_fault_says_so():
    async with cable() as (line, far, fd):
        line.lose(Way.TO_MODEM, nbytes=3)
        line.send(b"whole")
        os.write(fd, b"AT+CSQ\r")
        await hear(far, 4)
        assert far.heard == b"CSQ\r"[-4:]
        assert await gather(fd, 5) == b"whole"
        line.lose(Way.TO_HOST, chance=1.0)
        line.send(b"nothing")
        await asyncio.sleep(0.1)
        assert os.read(fd, 100) == b""
        line.lose(Way.TO_HOST)
        line.send(b"again")
        assert await gather(fd, 5) == b"again"


async def test_the_ledger_counts_each_way_in_time():
    async with cable() as (line, far, fd):
        t0 = time.monotonic_ns()
        os.write(fd, bytes(30))
        await hear(far, 30)
        t1 = time.monotonic_ns()
        line.send(bytes(12))
        await gather(fd, 12)
        t2 = time.monotonic_ns()
        assert line.bytes_between(t0, t1) == 30
        assert line.bytes_between(t1, t2) == line.bytes_between(t0, t2, Way.TO_HOST) == 12
        assert line.bytes_between(t0, t2) == 42
        assert line.ledger.total == {Way.TO_MODEM: 30, Way.TO_HOST: 12}


def test_the_ledger_forgets_the_oldest_and_says_so():
    ledger = Ledger(entries=3)
    for at in (10, 20, 30, 40):
        ledger.write(at, Way.TO_HOST, 1)
    assert ledger.bytes_between(11, 100) == 3
    assert ledger.bytes_between(20, 40) == 2
    with pytest.raises(LookupError):
        ledger.bytes_between(10, 100)


async def test_wire_time_is_told_in_milliseconds_at_the_senders_rate():
    async with cable(9_600) as (line, _, _):
        line.set_host_baud(115_200)
        assert round(line.wire_ms(96, Way.TO_HOST)) == 100
        assert 8 < line.wire_ms(96) < 9


async def test_a_reset_board_finds_no_old_input():
    async with cable() as (line, _, fd):
        line.send(b"stale")
        await asyncio.sleep(0.1)
        line.forget_host_input()
        assert os.read(fd, 100) == b""


async def test_an_idle_line_costs_nothing():
    async with cable() as (line, _, fd):
        line.send(b"x")
        await gather(fd, 1)
        start = time.process_time()
        await asyncio.sleep(0.5)
        assert time.process_time() - start < 0.1
