"""The Air780E as a whole: its words at the start, its identity, its clock."""

import pytest

from simulator.world.air780e import AIR780E_MUTE
from simulator.world.makers import VENDORS, setting
from simulator.world.power import Life


async def test_it_starts_in_its_own_words(air):
    async with air() as d:
        d.radio.nitz_s = 60.0
        await d.press()
        await d.client.play(
            """
            < ^boot.rom'V1162'!\\n
            < RDY
            < +CPIN: READY
            < SMS READY
            < ^MODE: 17,17
            < +E_UTRAN Service
            < +CGEV: ME PDN ACT 1
            > ATE0
            < ATE0
            < OK
            > ATI
            < AirM2M_780E_V1162_LSAT
            < OK
            > AT+CGMM
            < +CGMM: "Air780E"
            < OK
            > AT+CGSN
            < 866330060012345
            < OK
            > AT+CIMI
            < 460001234567890
            < OK
            > AT+ICCID
            < +ICCID: 89860012345678901234
            < OK
            > AT+CEREG?
            < +CEREG: 0,1
            < OK
            > AT+CSQ
            < +CSQ: 21,99
            < OK
            """
        )


async def test_it_needs_a_longer_press_than_the_other_module(air):
    async with air(timing=None) as d:
        await d.press(0.3)
        assert d.modem.life is Life.OFF
        await d.press(1.3)
        assert d.modem.starts == 1


@pytest.mark.parametrize("command", ["AT+CICCID", "AT+NETOPEN", "AT+SIMCOMATI", "AT+CTZU=1"])
async def test_the_other_makers_commands_are_unknown(air, command):
    async with air() as d:
        await d.start()
        assert await d.client.ask(command) == ["ERROR"]


async def test_network_time_is_told_in_utc_and_kept_in_local_time(air):
    async with air() as d:
        await d.start()
        d.radio.tell_time()
        told = await d.client.line()
        assert told.startswith("+NITZ: ") and told.endswith("+32,0")
        (clock, _) = await d.client.ask("AT+CCLK?")
        assert clock.endswith('+32"') and "1970" not in clock


async def test_a_time_server_is_asked_with_luats_own_numbers(air):
    async with air() as d:
        await d.start()
        await d.client.ask('AT+CNTP="ntp1.example",32')
        await d.client.play("> AT+CNTP\n< OK\n< +CNTP: 1")


@pytest.mark.parametrize("command", ["AT+RESET", "AT+CFUN=1,1"])
async def test_a_restart_by_command_begins_with_rdy(air, command):
    async with air() as d:
        await d.up()
        await d.client.play(f"> {command}\n< OK")
        await d.client.wait_for("RDY")
        await d.client.wait_for("+CGEV: ME PDN ACT 1")
        assert (await d.client.ask("AT+CIPMUX?"))[-2:] == ["+CIPMUX: 0", "OK"]


async def test_it_is_switched_off_by_command(air):
    async with air() as d:
        await d.start()
        await d.client.ask("AT+CPOWD=1")
        await d.eventually(lambda: d.modem.life is Life.OFF)


async def test_a_text_is_spoken_in_every_coding_and_the_end_is_told(air):
    async with air() as d:
        await d.start()
        texts = ["焊机", "焊机", "焊机"]
        for command in (
            'AT+CTTS=1,"710a673a"',
            'AT+CTTS=2,"' + "焊机".encode("gbk").decode("latin-1") + '"',
            r"AT+CTTS=3,\xe7\x84\x8a\xe6\x9c\xba",
        ):
            await d.client.play(f"> {command}\n< OK\n< +CTTS: 0")
        assert [text for _, text in d.speaker.heard()] == texts


async def test_a_second_text_is_refused_until_the_first_has_ended_or_was_stopped(air):
    async with air() as d:
        await d.start()
        await d.client.play('> AT+CTTS=1,"710a673a710a673a"\n< OK\n> AT+CTTS=1,"0041"\n< ERROR')
        await d.client.play("> AT+CTTS=0\n< OK")
        assert await d.client.silence()
        await d.client.play('> AT+CTTS=1,"0041"\n< OK\n< +CTTS: 0')


async def test_the_firmware_without_lsat_cannot_speak(air):
    async with air(vendor=AIR780E_MUTE) as d:
        await d.start()
        for command in ("AT+CTTS=?", "AT+CTTS?", 'AT+CTTS=1,"0041"', "AT+CTTSPARAM=50"):
            assert await d.client.ask(command) == ["ERROR"]


async def test_a_place_needs_a_context_of_its_own(air):
    async with air() as d:
        await d.start()
        d.radio.tell_time()
        await d.client.line()
        assert (await d.client.ask("AT+CIPGSMLOC=1,1"))[-1] != "OK"
        assert (await d.client.ask("AT+SAPBR=1,1"))[-1] != "OK"
        for command in ('3,1,"CONTYPE","GPRS"', '3,1,"APN",""', "1,1"):
            assert await d.client.ask(f"AT+SAPBR={command}") == ["OK"]
        place, end = await d.client.ask("AT+CIPGSMLOC=1,1")
        assert place.startswith("+CIPGSMLOC: 0,029.4894280,106.6380840,2") and end == "OK"
        d.modem.mischief.no_place = 601
        assert await d.client.ask("AT+CIPGSMLOC=1,1") == ["+CIPGSMLOC: 601", "OK"]


def test_every_module_has_a_setting() -> None:
    assert {setting(name) for name in VENDORS} == {"a7670", "air780e"}
