"""The Air780E's six links, from the context to the last byte."""

import asyncio

import pytest

from simulator.world.module import Net

from .conftest import READY


async def test_the_network_is_reached_in_the_manuals_order_and_no_other(air):
    async with air() as d:
        await d.start()
        for command in ("AT+CIICR", "AT+CIFSR", 'AT+CIPSTART=0,"TCP","127.0.0.1",1'):
            assert (await d.client.ask(command))[-1] == "+CME ERROR: operation not allowed"
        await d.client.play(READY)
        assert (await d.client.ask("AT+CIPMUX=0"))[-1].startswith("+CME ERROR")
        assert (await d.client.ask("AT+CSTT"))[-1].startswith("+CME ERROR")
        await d.client.play("> AT+CIPSHUT\n< SHUT OK")
        assert d.modem.net is Net.CLOSED
        await d.client.play(READY)


async def test_a_sim_that_may_not_use_the_access_point_gets_no_address(air):
    async with air() as d:
        await d.start()
        d.radio.apns = {"private"}
        await d.client.play("> AT+CSTT\n< OK\n> AT+CIICR\n< ERROR\n> AT+CIPSHUT\n< SHUT OK")
        await d.client.play('> AT+CSTT="private"\n< OK\n> AT+CIICR\n< OK')


async def test_bytes_go_out_and_come_back(air):
    async with air() as d:
        await d.online()
        await d.give(b"HELLO")
        await d.client.play(
            """
            < DATA ACCEPT:0,5
            < +CIPRXGET: 1,0
            > AT+CIPRXGET=4,0
            < +CIPRXGET: 4,0,5
            < OK
            > AT+CIPRXGET=2,0,3
            < +CIPRXGET: 2,0,3,2
            < HEL
            < OK
            > AT+CIPRXGET=3,0,730
            < +CIPRXGET: 3,0,2,0
            < 4C4F
            < OK
            > AT+CIPRXGET=2,0,1460
            < +CIPRXGET: 2,0,0,0
            < OK
            > AT+CIPSTART=0,"TCP","127.0.0.1",1
            < OK
            < 0, ALREADY CONNECT
            > AT+CIPCLOSE=0
            < 0, CLOSE OK
            """
        )
        assert (await d.client.ask("AT+CIPCLOSE=0"))[-1].startswith("+CME ERROR")
        await d.eventually(lambda: d.echo.endings == ["end"])


async def test_a_first_newline_is_swallowed_after_a_bare_return_and_the_send_hangs(air):
    async with air() as d:
        await d.online()
        await d.give(b"\nabc", end=b"\r")
        assert await d.client.silence(0.2)
        d.client.write(b"d")
        assert await d.client.line() == "DATA ACCEPT:0,4"
        await d.eventually(lambda: bytes(d.echo.heard) == b"abcd")


async def test_a_first_newline_is_sent_after_return_and_newline(air):
    async with air() as d:
        await d.online()
        await d.give(b"\nabc")
        assert await d.client.line() == "DATA ACCEPT:0,4"
        await d.eventually(lambda: bytes(d.echo.heard) == b"\nabc")


async def test_slow_sending_says_send_ok(air):
    async with air() as d:
        await d.online()
        await d.client.ask("AT+CIPQSEND=0")
        d.echo.answers = False
        await d.give(b"x")
        assert await d.client.line() == "0, SEND OK"


async def test_an_end_by_the_peer_is_told_and_what_came_before_can_be_read(air):
    async with air() as d:
        await d.online()
        d.echo.writers[0].write(b"bye")
        await d.client.wait_for("+CIPRXGET: 1,0")
        d.echo.writers[0].close()
        await d.client.play("< 0, CLOSED\n> AT+CIPRXGET=2,0,9\n< +CIPRXGET: 2,0,3,0\n< bye\n< OK")
        assert (await d.client.ask("AT+CIPRXGET=2,0,9"))[-1].startswith("+CME ERROR")


async def test_a_connection_that_nobody_takes_fails(air):
    async with air() as d:
        await d.up()
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        await d.client.play(f'> AT+CIPSTART=5,"TCP","127.0.0.1",{port}\n< OK\n< 5, CONNECT FAIL')


async def test_the_state_lists_the_links(air):
    async with air() as d:
        await d.online()
        await d.client.play(
            f"""
            > AT+CIPSTATUS
            < OK
            < STATE: IP PROCESSING
            < C: 0,0,"TCP","127.0.0.1","{d.echo.port}","CONNECTED"
            < C: 1,0,"","","","INITIAL"
            """
        )


async def test_mode_five_tells_of_each_arrival(air):
    async with air() as d:
        await d.online()
        await d.client.ask("AT+CIPRXGET=5")
        for text in (b"one", b"two"):
            d.echo.writers[0].write(text)
            assert await d.client.line() == "+CIPRXGET: 1,0"


@pytest.mark.parametrize("stuck", [False, True])
async def test_after_a_lost_bearer_only_shut_frees_the_way(air, stuck):
    async with air() as d:
        await d.online()
        d.trouble.begin("network-stuck" if stuck else "network-closed")
        assert await d.client.line() == "+PDP: DEACT"
        start = f'> AT+CIPSTART=0,"TCP","127.0.0.1",{d.echo.port}'
        if stuck:
            await d.client.play(f"{start}\n< OK\n< 0, CONNECT FAIL")
        else:
            await d.client.play(f"{start}\n< +CME ERROR: operation not allowed")
        await d.client.play(f"> AT+CIPSHUT\n< SHUT OK\n{READY}\n{start}\n< OK\n< 0, CONNECT OK")


async def test_the_faults_of_connections_are_told_in_its_own_words(air):
    async with air() as d:
        await d.online()
        d.trouble.begin("send-short", 2)
        await d.give(b"hello")
        assert await d.client.line() == "DATA ACCEPT:0,2"
        await d.eventually(lambda: bytes(d.echo.heard) == b"he")
        d.trouble.begin("send-dead")
        await d.client.wait_for("+CIPRXGET: 1,0")
        await d.give(b"hello")
        assert await d.client.line() == "0, SEND FAIL"
        d.trouble.begin("open-fails")
        start = f'> AT+CIPSTART=0,"TCP","127.0.0.1",{d.echo.port}'
        await d.client.play(f"{start}\n< OK\n< 0, CONNECT FAIL\n{start}\n< OK\n< 0, CONNECT OK")
        d.trouble.begin("peer-reset")
        assert await d.client.line() == "0, CLOSED"


async def test_a_nasty_one_writes_both_spellings(air):
    async with air(nasty=True) as d:
        await d.press()
        await d.eventually(lambda: d.radio.stat is d.radio.coverage)
        await asyncio.sleep(0.2)
        d.client.unread.clear()
        seen = set()
        for _ in range(40):
            d.modem.urc("0, CLOSED")
            seen.add(await d.client.line())
        assert seen == {"0, CLOSED", "0,CLOSED"}


async def test_files_are_made_written_measured_and_deleted(air):
    async with air() as d:
        await d.start()
        assert (await d.client.ask('AT+FSFLSIZE="ca.crt"'))[-1].startswith("+CME ERROR")
        assert await d.client.ask('AT+FSCREATE="ca.crt"') == ["OK"]
        d.client.write(b'AT+FSWRITE="ca.crt",0,5,10\r\n')
        assert await d.client.take(3) == b"\r\n>"
        d.client.write(b"HELLO")
        assert await d.client.line() == "OK"
        assert await d.client.ask('AT+FSFLSIZE="ca.crt"') == ["+FSFLSIZE: 5", "OK"]
        assert await d.client.ask('AT+FSDEL="ca.crt"') == ["OK"]
        assert d.modem.memory.certificates == {}
