"""Certificates, contexts and TLS sessions, as a plain client meets them."""

import pytest

CONTEXT = [
    'AT+CSSLCFG="sslversion",0,3',
    'AT+CSSLCFG="authmode",0,1',
    'AT+CSSLCFG="cacert",0,"ca.pem"',
]


async def test_a_certificate_is_kept_over_a_restart_and_can_be_deleted(desk):
    async with desk() as d:
        await d.start()
        d.client.command('AT+CCERTDOWN="ca.pem",5')
        assert await d.client.take(3) == b"\r\n>"
        d.client.write(b"12345")
        assert await d.client.line() == "OK"
        d.modem.crash()
        await d.client.wait_for("PB DONE")
        assert (await d.client.ask("AT+CCERTLIST"))[-2:] == ['+CCERTLIST: "ca.pem"', "OK"]
        assert (await d.client.ask('AT+CCERTDELE="ca.pem"'))[-1] == "OK"
        assert (await d.client.ask('AT+CCERTDELE="ca.pem"'))[-1] == "ERROR"


@pytest.mark.parametrize(
    "text",
    [
        'AT+CCERTDOWN="ca.txt",5',
        'AT+CSSLCFG="sslversion",0,5',
        'AT+CSSLCFG="nonsense",0,1',
        'AT+CCHOPEN=2,"h",1,2',
        "AT+CCHCLOSE=0",
        "AT+CCHSEND=0,5",
        "AT+CCHRECV=0,5",
        "AT+CCHSTOP",
    ],
)
async def test_what_makes_no_sense_is_an_error(desk, text):
    async with desk() as d:
        await d.start()
        assert "ERROR" in (await d.client.ask(text))[-1]


async def test_the_service_is_started_once_and_sessions_need_it(desk):
    async with desk() as d:
        await d.start()
        await d.client.play('> AT+CCHOPEN=0,"127.0.0.1",1,2\n< +CCHOPEN: 0,11\n< ERROR')
        await d.client.play("> AT+CCHSET=1,1\n< OK\n> AT+CCHSTART\n< OK\n< +CCHSTART: 0")
        await d.client.play("> AT+CCHSTART\n< ERROR\n> AT+CCHSET=1,1\n< ERROR")
        await d.client.play("> AT+CCHSTOP\n< OK\n< +CCHSTOP: 0")


async def test_the_errors_of_opening_are_told_apart(desk):
    async with desk() as d:
        await d.start()
        for text in CONTEXT:
            assert await d.client.ask(text) == ["OK"]
        await d.client.play("> AT+CCHSET=1,1\n< OK\n> AT+CCHSTART\n< OK\n< +CCHSTART: 0")
        opening = '> AT+CCHOPEN=0,"127.0.0.1",{}\n< OK\n< +CCHOPEN: 0,{}'
        await d.client.play(opening.format(d.echo.port, 19))  # no such certificate
        assert await d.client.ask('AT+CSSLCFG="authmode",0,0') == ["OK"]
        await d.client.play(opening.format(1, 14))  # nobody listens
        await d.client.play(opening.format(d.echo.port, 15))  # no TLS there
        d.trouble.begin("open-fails", 7)
        await d.client.play(opening.format(d.echo.port, 7))


async def test_a_module_without_tls_says_so(desk):
    from simulator.world.module import Identity

    async with desk(identity=Identity(features=frozenset({"tts"}))) as d:
        await d.start()
        assert await d.client.ask("AT+CCHOPEN=?") == ["ERROR"]
        assert await d.client.ask("AT+CCHSTART") == ["ERROR"]
