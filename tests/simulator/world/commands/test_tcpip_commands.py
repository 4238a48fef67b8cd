import asyncio
import socket

import pytest

from simulator.world.radio import Outage, Stat


def dead_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_the_network_opens_once_and_closes_once(desk):
    async with desk() as d:
        await d.start()
        await d.client.play(
            """
            > AT+NETOPEN?
            < +NETOPEN: 0
            < OK
            > AT+IPADDR
            < +IPERROR: Network not opened
            < ERROR
            > AT+NETCLOSE
            < +NETCLOSE: 2
            < ERROR
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            > AT+NETOPEN
            < +IPERROR: Network is already opened
            < ERROR
            > AT+NETOPEN?
            < +NETOPEN: 1
            < OK
            > AT+NETCLOSE
            < OK
            < +NETCLOSE: 0
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            """
        )


async def test_the_network_does_not_open_without_registration_or_with_a_foreign_apn(desk):
    async with desk() as d:
        await d.start()
        d.radio.apns = {"cmiot"}
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 1")
        await d.client.ask('AT+CGDCONT=1,"IP","CMIOT"')
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 0\n> AT+NETCLOSE\n< OK")
        assert await d.client.line() == "+NETCLOSE: 0"
        d.radio.coverage = Stat.SEARCHING
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 1")


async def test_closing_the_network_closes_its_connections(desk):
    async with desk() as d:
        await d.online()
        await d.client.play("> AT+NETCLOSE\n< OK\n< +IPCLOSE: 0,0\n< +NETCLOSE: 0")
        await d.eventually(lambda: d.echo.endings == ["end"])


async def test_opening_in_a_bad_state_gives_the_error_and_then_error(desk):
    async with desk() as d:
        await d.start()
        await d.client.play('> AT+CIPOPEN=0,"TCP","127.0.0.1",1\n< +CIPOPEN: 0,2\n< ERROR')
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 0")
        await d.client.play(
            """
            > AT+CIPOPEN=1,"RAW",,,5000
            < +CIPOPEN: 1,4
            < ERROR
            > AT+CIPOPEN=1,"TCP","127.0.0.1",99999
            < +CIPOPEN: 1,3
            < ERROR
            > AT+CIPOPEN=1,"TCP",,1883
            < +CIPOPEN: 1,3
            < ERROR
            > AT+CIPOPEN=10,"TCP","127.0.0.1",1
            < +CME ERROR: invalid parameters
            """
        )


async def test_a_link_that_is_open_cannot_be_opened_again(desk):
    async with desk() as d:
        await d.online()
        await d.client.play(
            f"""
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < +CIPOPEN: 0,9
            < ERROR
            """
        )


async def test_a_refused_connection_is_a_network_failure(desk):
    async with desk() as d:
        await d.online()
        await d.client.play(
            f"""
            > AT+CIPOPEN=1,"TCP","127.0.0.1",{dead_port()}
            < OK
            < +CIPOPEN: 1,1
            """
        )


async def test_a_name_is_resolved_by_the_network_or_by_dns(desk):
    async with desk() as d:
        await d.online()
        d.radio.names["cloud.example"] = "127.0.0.1"
        await d.client.play(
            f"""
            > AT+CIPOPEN=1,"TCP","cloud.example",{d.echo.port}
            < OK
            < +CIPOPEN: 1,0
            > AT+CIPOPEN=2,"TCP","localhost",{d.echo.port}
            < OK
            < +CIPOPEN: 2,0
            > AT+CIPOPEN=3,"TCP","no such host",{d.echo.port}
            < OK
            < +CIPOPEN: 3,11
            """
        )


async def test_a_peer_that_does_not_answer_is_a_time_out(desk):
    async with desk() as d:
        await d.online()
        d.radio.begin_outage(Outage.SILENT)
        d.modem.stack.connect_timeout_s = 1.0
        await d.client.play(
            f"""
            > AT+CIPOPEN=1,"TCP","127.0.0.1",{d.echo.port}
            < OK
            """
        )
        await d.client.play(
            f"""
            > AT+CIPOPEN=1,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 1,8
            < +CIPOPEN: 1,10
            """
        )


async def test_ten_connections_live_side_by_side(desk):
    async with desk() as d:
        await d.online()
        for number in range(1, 10):
            await d.client.play(
                f"""
                > AT+CIPOPEN={number},"TCP","127.0.0.1",{d.echo.port}
                < OK
                < +CIPOPEN: {number},0
                """
            )
        assert await d.client.send(b"nine", 9) == "+CIPSEND: 9,4,4"
        assert await d.client.line() == "+CIPRXGET: 1,9"
        lines = await d.client.ask("AT+CIPOPEN?")
        assert lines[0] == f'+CIPOPEN: 0,"TCP","127.0.0.1",{d.echo.port},-1'
        assert len(lines) == 11
        assert await d.client.ask("AT+CIPCLOSE?") == ["+CIPCLOSE: 1,1,1,1,1,1,1,1,1,1", "OK"]


async def test_sending_on_nothing_is_an_error_and_never_prompts(desk):
    async with desk() as d:
        await d.start()
        await d.client.play("> AT+CIPSEND=0,5\n< +CIPERROR: 2\n< ERROR")
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 0")
        await d.client.play("> AT+CIPSEND=0,5\n< +CIPERROR: 4\n< ERROR")


@pytest.mark.parametrize("size", ["0", "1501", "", "x"])
async def test_a_length_that_is_not_1_to_1500_is_refused(desk, size):
    async with desk() as d:
        await d.online()
        assert await d.client.ask(f"AT+CIPSEND=0,{size}") == ["+CME ERROR: invalid parameters"]


async def test_the_largest_send_and_read_are_1500(desk):
    data = bytes(range(250)) * 6
    async with desk(baud=921_600) as d:
        d.line.set_host_baud(921_600)
        await d.online()
        assert await d.client.send(data) == "+CIPSEND: 0,1500,1500"
        await d.eventually(lambda: len(d.modem.stack.links[0].buffer) == 1_500)
        assert await d.client.line() == "+CIPRXGET: 1,0"
        d.client.command("AT+CIPRXGET=2,0,1500")
        head = b"\r\n+CIPRXGET: 2,0,1500,0\r\n"
        assert await d.client.take(len(head) + 1_506) == head + data + b"\r\nOK\r\n"
        assert (await d.client.ask("AT+CIPRXGET=2,0,1501"))[-1].startswith("+CME ERROR")


async def test_arrival_is_told_once_until_the_buffer_was_read_dry(desk):
    async with desk() as d:
        await d.online()
        assert await d.client.send(b"abcdef") == "+CIPSEND: 0,6,6"
        assert await d.client.line() == "+CIPRXGET: 1,0"
        await d.client.play("> AT+CIPRXGET=2,0,2\n< +CIPRXGET: 2,0,2,4\n< ab\n< OK")
        d.echo.writers[0].write(b"more")
        assert await d.client.silence(0.1)
        await d.client.play("> AT+CIPRXGET=4,0\n< +CIPRXGET: 4,0,8\n< OK")
        await d.client.play("> AT+CIPRXGET=2,0\n< +CIPRXGET: 2,0,8,0\n< cdefmore\n< OK")
        d.echo.writers[0].write(b"again")
        assert await d.client.line() == "+CIPRXGET: 1,0"


async def test_data_can_be_read_as_hex(desk):
    async with desk() as d:
        await d.online()
        d.echo.writers[0].write(b"\x00\r\n\xff")
        assert await d.client.line() == "+CIPRXGET: 1,0"
        await d.client.play("> AT+CIPRXGET=3,0,750\n< +CIPRXGET: 3,0,4,0\n< 000D0AFF\n< OK")
        assert (await d.client.ask("AT+CIPRXGET=3,0,751"))[-1].startswith("+CME ERROR")


async def test_there_is_nothing_to_read_on_a_link_that_is_not_there(desk):
    async with desk() as d:
        await d.online()
        await d.client.play(
            """
            > AT+CIPRXGET=2,5,100
            < +IPERROR: No data
            < ERROR
            > AT+CIPRXGET=4,5
            < +CIPRXGET: 4,5,0
            < OK
            > AT+CIPRXGET?
            < +CIPRXGET: 1
            < OK
            """
        )


async def test_a_connection_opened_before_manual_receive_was_set_pushes_its_data(desk):
    async with desk() as d:
        await d.start()
        await d.client.play(
            f"""
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,0
            > AT+CIPRXGET=1
            < OK
            """
        )
        assert await d.client.send(b"pushed") == "+CIPSEND: 0,6,6"
        assert await d.client.line() == f"RECV FROM:127.0.0.1:{d.echo.port}"
        assert await d.client.line() == "+IPD6"
        assert await d.client.take(6) == b"pushed"


async def test_much_pushed_data_comes_in_order(desk):
    data = bytes(range(256)) * 40
    async with desk(baud=921_600) as d:
        d.line.set_host_baud(921_600)
        await d.start()
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 0")
        await d.client.play(
            f'> AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}\n< OK\n< +CIPOPEN: 0,0'
        )
        await d.eventually(lambda: bool(d.echo.writers))
        d.echo.writers[0].write(data)
        got = b""
        while len(got) < len(data):
            assert (await d.client.line()).startswith("RECV FROM:")
            size = int((await d.client.line()).removeprefix("+IPD"))
            assert size <= 1_460
            got += await d.client.take(size)
        assert got == data


async def test_a_close_by_the_peer_is_told_after_its_last_data_which_can_still_be_read(desk):
    async with desk() as d:
        await d.online()
        d.echo.writers[0].write(b"bye")
        d.echo.writers[0].close()
        await d.client.play(
            """
            < +CIPRXGET: 1,0
            < +IPCLOSE: 0,1
            > AT+CIPSEND=0,1
            < +CIPERROR: 4
            < ERROR
            > AT+CIPRXGET=2,0,1500
            < +CIPRXGET: 2,0,3,0
            < bye
            < OK
            > AT+CIPCLOSE=0
            < +CIPCLOSE: 0,4
            < ERROR
            """
        )
        await d.client.play(
            f"""
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,0
            """
        )


async def test_data_of_an_old_connection_never_shows_in_a_new_one(desk):
    async with desk() as d:
        await d.online()
        d.echo.writers[0].write(b"old")
        d.echo.writers[0].close()
        await d.client.play("< +CIPRXGET: 1,0\n< +IPCLOSE: 0,1")
        await d.client.play(
            f"""
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,0
            > AT+CIPRXGET=4,0
            < +CIPRXGET: 4,0,0
            < OK
            """
        )


async def test_what_was_sent_before_the_close_still_arrives(desk):
    async with desk() as d:
        d.radio.one_way_s = 0.1
        await d.online()
        await d.client.send(b"last words")
        await d.client.play("> AT+CIPCLOSE=0\n< OK\n< +CIPCLOSE: 0,0")
        await d.eventually(lambda: d.echo.endings == ["end"])
        assert d.echo.heard == b"last words"


async def test_the_patience_can_be_set(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+CIPTIMEOUT=60000,5000,7000") == ["OK"]
        assert (d.modem.stack.connect_timeout_s, d.modem.stack.send_timeout_s) == (5, 7)
        assert (await d.client.ask("AT+CIPTIMEOUT=1"))[-1].startswith("+CME ERROR")


async def test_a_server_that_speaks_first_is_heard_after_the_opening_was_told(desk):
    async def greet(reader, writer):
        writer.write(b"220 ready")
        await reader.read()
        writer.close()

    async with desk() as d:
        d.radio.one_way_s = 0
        await d.online()
        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        await d.client.play(
            f"""
            > AT+CIPOPEN=1,"TCP","127.0.0.1",{port}
            < OK
            < +CIPOPEN: 1,0
            < +CIPRXGET: 1,1
            > AT+CIPRXGET=2,1,100
            < +CIPRXGET: 2,1,9,0
            < 220 ready
            < OK
            > AT+CIPCLOSE=1
            < OK
            < +CIPCLOSE: 1,0
            """
        )
        server.close()


async def test_the_error_of_a_lost_network_comes_unasked(desk):
    async with desk() as d:
        await d.online()
        start = d.modem.clock()
        d.radio.coverage = Stat.SEARCHING
        assert await d.client.line() == "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"
        assert d.modem.clock() - start >= d.radio.bearer_s * 0.99e9
        await d.client.play("> AT+NETOPEN?\n< +NETOPEN: 0\n< OK")
        assert await d.client.ask("AT+CIPCLOSE?") == ["+CIPCLOSE: 0,0,0,0,0,0,0,0,0,0", "OK"]


async def test_a_cell_lost_for_a_moment_only_delays(desk):
    async with desk() as d:
        d.radio.bearer_s = 30
        await d.online()
        d.radio.coverage = Stat.SEARCHING
        assert await d.client.send(b"wait") == "+CIPSEND: 0,4,4"
        await asyncio.sleep(0.1)
        assert d.echo.heard == b""
        d.radio.coverage = Stat.HOME
        await d.client.wait_for("+CIPRXGET: 1,0")
        assert d.echo.heard == b"wait"
