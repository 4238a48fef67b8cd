"""The modem's TCP/IP stack by itself, against real servers."""

import asyncio
import socket
from contextlib import asynccontextmanager

from simulator.world.link import BUFFER_BYTES, BY_PEER, SEND_TIMEOUT
from simulator.world.radio import Outage, Radio, Stat
from simulator.world.sockets import BUSY, DNS_FAILED, NETWORK_FAILURE, OPENED, TIMED_OUT, Stack


class Ears:
    """Remembers what the stack tells."""

    def __init__(self) -> None:
        self.arrivals: list[int] = []
        self.ends: list[tuple[int, int]] = []

    def arrived(self, link) -> None:
        self.arrivals.append(link.number)

    def closed(self, link, reason) -> None:
        link._stack.links.pop(link.number, None)
        self.ends.append((link.number, reason))


class Peer:
    """A server that only counts and answers when told to."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.ended: list[str] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader, writer) -> None:
        self.writers.append(writer)
        try:
            while data := await reader.read(65_536):
                self.heard += data
            self.ended.append("end")
        except ConnectionResetError:
            self.ended.append("reset")
        except asyncio.CancelledError:
            pass
        writer.close()


@asynccontextmanager
async def network(one_way_s=0.005, send_timeout_s=0.2):
    radio, ears, peer = Radio(one_way_s=one_way_s), Ears(), Peer()
    radio.stat = Stat.HOME
    stack = Stack(radio, ears, connect_timeout_s=10.0, send_timeout_s=send_timeout_s)
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield stack, ears, peer, port
    finally:
        stack.end()
        server.close()
        for writer in peer.writers:
            writer.close()
        await asyncio.sleep(0.02)


async def eventually(true, seconds=15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


async def test_bytes_go_both_ways_after_the_delay_of_the_air():
    async with network(one_way_s=0.1) as (stack, ears, peer, port):
        loop = asyncio.get_running_loop()
        assert await stack.open(0, "127.0.0.1", port, True) == 0
        start = loop.time()
        assert stack.links[0].send(b"up") == 2
        await eventually(lambda: peer.heard == b"up")
        assert loop.time() - start >= 0.1
        start = loop.time()
        peer.writers[0].write(b"down")
        await eventually(lambda: ears.arrivals)
        assert loop.time() - start >= 0.1
        assert stack.links[0].read(100) == b"down"


async def test_bytes_keep_their_order_when_the_air_gets_faster():
    async with network(one_way_s=0.1) as (stack, _, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.links[0].send(b"first")
        stack.radio.one_way_s = 0.0
        stack.links[0].send(b"second")
        await eventually(lambda: peer.heard == b"firstsecond")


async def test_a_reader_who_does_not_read_stops_the_sender():
    flood = 500_000
    async with network() as (stack, _, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        writer = peer.writers[0]
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        writer.write(bytes(flood))
        await asyncio.sleep(0.3)
        link = stack.links[0]
        assert len(link.buffer) == BUFFER_BYTES
        assert writer.transport.get_write_buffer_size() > 0
        got = 0
        async with asyncio.timeout(60):
            while got < flood:
                got += len(link.read(100_000))
                await asyncio.sleep(0)
        assert got == flood


async def test_a_peer_who_does_not_read_fills_the_send_buffer():
    async with network(one_way_s=10) as (stack, _, _, port):
        stack.radio.one_way_s = 0
        await stack.open(0, "127.0.0.1", port, True)
        stack.radio.one_way_s = 10
        link, taken = stack.links[0], []
        for _ in range(8):
            taken.append(link.send(bytes(1_500)))
        assert sum(taken) == BUFFER_BYTES and taken[-1] == 0


async def test_the_errors_of_opening_are_told_apart():
    async with network() as (stack, _, _, port):
        assert await stack.open(0, "127.0.0.1", 1, True) == NETWORK_FAILURE
        assert await stack.open(0, "no such host", port, True) == DNS_FAILED
        first = asyncio.create_task(stack.open(0, "127.0.0.1", port, True))
        await asyncio.sleep(0)
        assert await stack.open(0, "127.0.0.1", port, True) == BUSY
        assert await first == 0
        assert await stack.open(0, "127.0.0.1", port, True) == OPENED
        stack.radio.begin_outage(Outage.REFUSE)
        assert await stack.open(1, "127.0.0.1", port, True) == NETWORK_FAILURE
        stack.radio.begin_outage(Outage.SILENT)
        stack.connect_timeout_s = 0.1
        assert await stack.open(1, "127.0.0.1", port, True) == TIMED_OUT
        stack.radio.end_outage()
        stack.radio.stat = Stat.SEARCHING
        assert await stack.open(1, "127.0.0.1", port, True) == TIMED_OUT


async def test_an_orderly_end_by_the_peer_comes_after_its_data():
    async with network() as (stack, ears, peer, port):
        await stack.open(4, "127.0.0.1", port, True)
        link = stack.links[4]
        peer.writers[0].write(b"bye")
        peer.writers[0].close()
        await eventually(lambda: ears.ends == [(4, BY_PEER)])
        assert link.buffer == b"bye" and link.send(b"x") == -1


async def test_a_close_lets_the_last_bytes_leave():
    async with network(one_way_s=0.05) as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.links[0].send(b"last")
        stack.close(0)
        await eventually(lambda: peer.ended == ["end"])
        assert peer.heard == b"last" and ears.ends == []


async def test_a_reset_reaches_both_ends():
    async with network() as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.outage(Outage.RESET)
        await eventually(lambda: peer.ended == ["reset"])
        assert ears.ends == [(0, BY_PEER)] and stack.links == {}


async def test_a_half_open_connection_takes_bytes_loses_them_and_is_given_up_in_the_end():
    async with network() as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.outage(Outage.SILENT)
        link = stack.links[0]
        peer.writers[0].write(b"unheard")
        assert link.send(b"lost") == 4
        await asyncio.sleep(0.1)
        assert ears.ends == [] and ears.arrivals == []
        await eventually(lambda: ears.ends == [(0, SEND_TIMEOUT)])
        assert link.send(b"x") == -1
        assert peer.heard == b"" and peer.ended == []


async def test_a_half_open_connection_on_which_nothing_is_sent_looks_alive_for_ever():
    async with network(send_timeout_s=0.05) as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.outage(Outage.SILENT)
        peer.writers[0].close()
        await asyncio.sleep(0.2)
        assert ears.ends == [] and 0 in stack.links


async def test_closing_a_half_open_connection_does_not_tell_the_peer():
    async with network() as (stack, _, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.outage(Outage.SILENT)
        stack.close(0)
        await asyncio.sleep(0.1)
        assert peer.ended == []


async def test_without_a_cell_nothing_moves_and_with_it_everything_does():
    async with network() as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.radio.stat = Stat.SEARCHING
        stack.hold(True)
        stack.links[0].send(b"up")
        peer.writers[0].write(b"down")
        await asyncio.sleep(0.1)
        assert peer.heard == b"" and ears.arrivals == []
        stack.hold(False)
        await eventually(lambda: peer.heard == b"up" and ears.arrivals)


async def test_a_close_without_a_cell_reaches_the_peer_when_there_is_one_again():
    async with network() as (stack, _, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.radio.stat = Stat.SEARCHING
        stack.hold(True)
        stack.close(0)
        await asyncio.sleep(0.05)
        assert peer.ended == []
        stack.hold(False)
        await eventually(lambda: peer.ended == ["end"])


async def test_a_lost_bearer_is_not_told_to_the_peers():
    async with network() as (stack, ears, peer, port):
        await stack.open(0, "127.0.0.1", port, True)
        stack.forget(quietly=True)
        await asyncio.sleep(0.1)
        assert peer.ended == [] and ears.ends == [] and stack.links == {}


async def test_dead_ends_do_not_pile_up():
    async with network(one_way_s=0) as (stack, _, peer, port):
        for _ in range(40):
            await stack.open(0, "127.0.0.1", port, True)
            stack.forget(quietly=True)
        await eventually(lambda: len(peer.ended) == 8)
