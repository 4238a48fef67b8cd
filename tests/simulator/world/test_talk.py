"""How the modem converses, whatever the commands."""

import asyncio
import re

import pytest


async def test_the_echo_is_on_after_a_start_until_ate0(desk):
    async with desk() as d:
        await d.press()
        await d.client.wait_for("PB DONE")
        await d.client.silence(0.15)
        d.client.unread.clear()
        d.client.write(b"AT\r")
        assert await d.client.take(9) == b"AT\r\r\nOK\r\n"
        d.client.write(b"ATE0\r")
        assert await d.client.take(11) == b"ATE0\r\r\nOK\r\n"
        d.client.write(b"AT\r")
        assert await d.client.take(6) == b"\r\nOK\r\n"


async def test_an_answer_has_the_framing_of_the_manual(desk):
    async with desk() as d:
        await d.start()
        d.client.write(b"AT+CSQ\r")
        assert await d.client.take(21) == b"\r\n+CSQ: 21,99\r\n\r\nOK\r\n"


async def test_unknown_commands_are_errors_whatever_the_verbosity(desk):
    async with desk() as d:
        await d.start()
        for text in ("AT+NOSUCH", "AT+QIOPEN=1", "ATX9", "AT+CSQ=1", "ATAT", "AT+"):
            assert await d.client.ask(text) == ["ERROR"], text


async def test_noise_is_ignored_and_noise_before_at_as_well(desk):
    async with desk() as d:
        await d.start()
        d.client.write(b"hello\r")
        assert await d.client.silence()
        assert await d.client.ask("\xfe\x00!!AT") == ["OK"]


async def test_joined_commands_have_one_result_and_stop_at_the_first_error(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+CSQ;+CREG?") == ["+CSQ: 21,99", "+CREG: 0,1", "OK"]
        assert await d.client.ask("AT+CSQ;+NOSUCH;+CREG?") == ["+CSQ: 21,99", "ERROR"]


async def test_a_line_that_is_too_long_is_an_error_and_no_more(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+" + "X" * 1_500) == ["ERROR"]
        assert await d.client.ask("AT") == ["OK"]


async def test_lines_sent_in_one_burst_are_answered_one_by_one(desk):
    async with desk() as d:
        await d.start()
        d.client.write(b"AT+CSQ\rAT+CREG?\rAT\r")
        await d.client.play("< +CSQ: 21,99\n< OK\n< +CREG: 0,1\n< OK\n< OK")


async def test_after_the_prompt_exactly_so_many_bytes_are_data_whatever_they_are(desk):
    every = bytes(range(256)) + b"\r\nAT\r\n\x1a\x1b\x03+++"
    async with desk() as d:
        await d.online()
        assert await d.client.send(every) == f"+CIPSEND: 0,{len(every)},{len(every)}"
        await d.eventually(lambda: len(d.echo.heard) == len(every))
        assert d.echo.heard == every


async def test_what_follows_the_data_is_a_command_again(desk):
    async with desk() as d:
        d.echo.answers = False
        await d.online()
        d.client.command("AT+CIPSEND=0,3")
        assert await d.client.take(3) == b"\r\n>"
        d.client.write(b"abcAT+CSQ\r")
        lines = [await d.client.line() for _ in range(4)]
        assert sorted(lines) == sorted(["OK", "+CIPSEND: 0,3,3", "+CSQ: 21,99", "OK"])
        await d.eventually(lambda: d.echo.heard == b"abc")


async def test_bytes_before_the_prompt_are_lost(desk):
    async with desk() as d:
        await d.online()
        d.client.write(b"AT+CIPSEND=0,5\r\nearly")
        assert await d.client.take(3) == b"\r\n>"
        await d.client.silence(0.05)
        d.client.write(b"right")
        assert await d.client.line() == "OK"
        await d.eventually(lambda: d.echo.heard == b"right")


async def test_data_that_never_comes_ends_in_an_error(desk):
    async with desk() as d:
        await d.online()
        d.modem.talk.data_wait_s = 0.2
        d.client.command("AT+CIPSEND=0,100")
        assert await d.client.take(3) == b"\r\n>"
        d.client.write(b"too little")
        assert await d.client.line() == "ERROR"
        assert await d.client.ask("AT") == ["OK"]
        assert d.echo.heard == b""


async def test_with_the_echo_on_data_comes_back_as_well(desk):
    async with desk() as d:
        d.echo.answers = False
        await d.online()
        await d.client.ask("ATE1")
        d.client.write(b"AT+CIPSEND=0,2\r")
        assert await d.client.take(15 + 3) == b"AT+CIPSEND=0,2\r\r\n>"
        d.client.write(b"hi")
        assert await d.client.take(2 + 6) == b"hi\r\nOK\r\n"


async def test_a_nasty_modem_spells_as_the_manual_allows_and_means_the_same(desk):
    async with desk(nasty=True, fragment=True, seed=7) as d:
        await d.press()
        await d.eventually(lambda: b"DONE" in d.client.unread)
        await d.client.silence(0.3)
        d.client.unread.clear()
        spellings = set()
        for _ in range(12):
            d.client.command("AT+CSQ;+CEREG?")
            await d.client.until(lambda: b"OK\r\n" in d.client.unread)
            text = bytes(d.client.unread)
            d.client.unread.clear()
            assert re.search(rb"\r\n\+CSQ: ?21,99\r\n.*\+CEREG: ?0,1\r\n\r\nOK\r\n", text, re.S)
            spellings.add(b"+CSQ: 21" in text)
        assert spellings == {True, False}


async def test_a_nasty_modem_still_carries_data_unchanged(desk):
    data = bytes(range(256)) * 3
    async with desk(nasty=True, fragment=True, seed=3, baud=460_800) as d:
        d.line.set_host_baud(460_800)
        await d.press()
        await d.eventually(lambda: d.radio.stat.serves and b"PB DONE" in d.client.unread)
        await d.client.silence(0.2)
        for text, wanted in (
            ("ATE0", rb"OK"),
            ("AT+CIPRXGET=1", rb"OK"),
            ("AT+NETOPEN", rb"\+NETOPEN: ?0"),
            (f'AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}', rb"\+CIPOPEN: ?0,0"),
            (f"AT+CIPSEND=0,{len(data)}", rb">"),
        ):
            await ask(d.client, text.encode() + b"\r", wanted)
        await ask(d.client, data, rb"\+CIPSEND: ?0,768,768")
        await d.eventually(lambda: len(d.modem.stack.links[0].buffer) == len(data))
        await d.client.silence(0.1)
        d.client.unread.clear()
        found = await ask(
            d.client, b"AT+CIPRXGET=2,0,1500\r", rb"\+CIPRXGET: ?2,0,768,0\r\n(.{768})\r\n"
        )
        assert found[1] == data


async def ask(client, data: bytes, wanted: bytes) -> re.Match:
    """Sends, and waits until something like the wanted has come."""
    client.unread.clear()
    client.write(data)
    await client.until(lambda: re.search(wanted, bytes(client.unread), re.S) is not None)
    return re.search(wanted, bytes(client.unread), re.S)


async def test_the_transcript_tells_who_said_what(desk):
    async with desk() as d:
        await d.start()
        await d.client.ask("AT+CSQ")
        said = [(s.by_modem, s.text) for s in d.modem.transcript]
        assert said[-3:] == [(False, "AT+CSQ"), (True, "+CSQ: 21,99"), (True, "OK")]
        times = [s.at_ns for s in d.modem.transcript]
        assert times == sorted(times)


async def test_a_defect_in_a_handler_is_not_taken_for_a_silent_modem(desk):
    with pytest.raises(AttributeError):
        async with desk() as d:
            await d.start()
            d.modem.identity = None
            d.client.command("ATI")
            await asyncio.sleep(0.1)
