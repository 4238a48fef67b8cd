"""The connection inside the modem: whole writes, and reads that wait for bytes."""

import asyncio

import pytest
from terminal.modem.socket import PIECE, Closed, Socket

from ..virtual_time import now_ms, run


class Traffic:
    """The driver's counters."""

    sent = rcvd = wire_sent = wire_rcvd = 0


class Driver:
    """A modem that holds bytes; each call takes a moment in which others may run."""

    def __init__(self, held: bytes = b"") -> None:
        self.held = held
        self.taken: list[bytes] = []
        self.asked = 0
        self.closed = False

    async def send(self, data: bytes) -> None:
        await asyncio.sleep(0.01)
        self.taken.append(data)

    async def receive(self, most: int) -> tuple[bytes, int]:
        self.asked += 1
        data, self.held = self.held[:most], self.held[most:]
        left = len(self.held)
        await asyncio.sleep(0.01)
        return data, left

    async def close(self) -> None:
        self.closed = True


def test_two_writers_never_mix_their_bytes() -> None:
    async def work() -> None:
        driver = Driver()
        sock = Socket(driver, Traffic())
        await asyncio.gather(sock.write(b"a" * 4000), sock.write(b"b" * 4000))
        assert b"".join(driver.taken) == b"a" * 4000 + b"b" * 4000
        assert max(map(len, driver.taken)) <= PIECE
        assert sock.sent == 8000

    run(work())


def test_a_connection_lost_in_the_middle_of_a_write_stops_it() -> None:
    async def work() -> None:
        driver = Driver()
        sock = Socket(driver, Traffic())
        asyncio.get_running_loop().call_later(0.015, sock.lost, "gone")
        with pytest.raises(Closed, match="gone"):
            await sock.write(b"a" * 9000)
        assert sock.sent < 9000

    run(work())


def test_bytes_that_were_there_before_the_end_are_read_before_it_is_told() -> None:
    async def work() -> None:
        sock = Socket(Driver(b"x" * (PIECE + 5)), Traffic())
        sock.arrived()
        sock.lost("closed by the other end")
        assert len(await sock.read(1000)) == PIECE
        assert len(await sock.read(1000)) == 5
        with pytest.raises(Closed, match="other end"):
            await sock.read(1000)
        assert sock.rcvd == PIECE + 5

    run(work())


def test_a_note_that_comes_during_a_fetch_is_not_lost() -> None:
    async def work() -> None:
        driver = Driver(b"one")
        sock = Socket(driver, Traffic())
        sock.arrived()

        def more() -> None:
            driver.held += b"two"
            sock.arrived()

        asyncio.get_running_loop().call_later(0.005, more)
        assert await sock.read(1000) == b"one"
        assert await sock.read(1000) == b"two"

    run(work())


def test_a_read_without_news_returns_nothing_in_time_and_the_next_one_looks() -> None:
    async def work() -> None:
        driver = Driver()
        sock = Socket(driver, Traffic())
        before = now_ms()
        assert await sock.read(3000) == b""
        assert (now_ms() - before, driver.asked) == (3000, 0)
        driver.held = b"unannounced"
        assert await sock.read(3000) == b"unannounced"

    run(work())


def test_the_first_reason_for_the_end_is_kept() -> None:
    async def work() -> None:
        sock = Socket(Driver(), Traffic())
        sock.lost("network closed")
        sock.lost("replaced")
        with pytest.raises(Closed, match="network closed"):
            await sock.write(b"x")
        await sock.close()
        with pytest.raises(OSError):
            await sock.read(10)

    run(work())


@pytest.mark.parametrize(("tls", "head", "hello"), [(False, 40, (0, 0)), (True, 69, (600, 3200))])
def test_bytes_are_counted_as_the_operator_charges_them(
    tls: bool, head: int, hello: tuple[int, int]
) -> None:
    async def work() -> None:
        traffic = Traffic()
        sock = Socket(Driver(b"x" * 100), traffic, tls)
        opened = (traffic.wire_sent, traffic.wire_rcvd)
        assert opened == (160 + hello[0], 120 + hello[1])
        await sock.write(b"a" * (PIECE + 1))
        sock.arrived()
        assert len(await sock.read(100)) == 100
        assert (traffic.sent, traffic.rcvd) == (PIECE + 1, 100)
        assert traffic.wire_sent - opened[0] == PIECE + 1 + 2 * head + 40
        assert traffic.wire_rcvd - opened[1] == 100 + head + 2 * 40

    run(work())
