"""Each row of the table: what the terminal meets while it lasts, and that it ends."""

import asyncio

import pytest

from simulator.world.faults import FAULTS
from simulator.world.power import Life


def test_every_row_says_what_it_is():
    for name, fault in FAULTS.items():
        assert name == fault.name and len(fault.what) > 10
        assert bool(fault.unit) or fault.size == 1


async def test_lasting_faults_put_back_what_they_found(desk):
    async with desk() as d:
        await d.start()
        for name, fault in FAULTS.items():
            if fault.lasts:
                d.trouble.begin(name)
                assert d.trouble.active == [name]
                d.trouble.end(name)
        assert d.trouble.active == []
        assert not d.line.fragment and not d.modem.mischief.hung
        assert d.radio.csq_level == 21 and d.radio.outage is None
        assert d.radio.coverage == 1 and d.radio.sim_present and d.radio.one_way_s == 0.01
        assert d.mains.mains and not d.mains.powered


# -- the cable --------------------------------------------------------------------------------


async def test_fragments(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("fragments")
        d.client.sizes.clear()
        assert (await d.client.ask("ATI"))[-1] == "OK"
        assert len(d.client.sizes) > 5


async def test_lost_to_host(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("lost-to-host", 4)
        d.client.command("AT+CSQ")
        assert await d.client.take(17) == b"SQ: 21,99\r\n\r\nOK\r\n"
        assert await d.client.ask("AT") == ["OK"]


async def test_lost_to_modem(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("lost-to-modem", 6)
        d.client.command("AT+CSQ")
        assert await d.client.silence()
        assert await d.client.ask("AT") == ["OK"]


async def test_noisy_line(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("noisy-line", 0.5)
        d.client.command("ATI;" * 20)
        await d.client.silence(0.3)
        d.trouble.end("noisy-line")
        d.client.command("")
        await d.client.silence(0.2)
        d.client.unread.clear()
        assert await d.client.ask("AT") == ["OK"]


async def test_garbage(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("garbage", 50)
        assert len(await d.client.take(50)) == 50
        assert await d.client.ask("AT") == ["OK"]


@pytest.mark.parametrize(("name", "cured"), [("wrong-baud", True), ("wrong-baud-kept", False)])
async def test_wrong_baud(desk, name, cured):
    async with desk() as d:
        await d.start()
        d.trouble.begin(name, 9_600)
        d.client.command("AT")
        await d.client.silence(0.2)
        assert b"OK" not in d.client.unread
        d.modem.supply(False)
        d.modem.supply(True)
        d.client.unread.clear()
        await d.press()
        if cured:
            await d.client.wait_for("PB DONE")
        else:
            await d.client.silence(0.4)
            assert d.client.unread and b"DONE" not in d.client.unread


# -- the conversation -------------------------------------------------------------------------


async def test_echo_stuck(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("echo-stuck")
        assert await d.client.ask("ATE0") == ["ATE0", "OK"]
        assert await d.client.ask("AT") == ["AT", "OK"]
        d.trouble.end("echo-stuck")
        assert await d.client.ask("AT") == ["OK"]


async def test_urc_inside(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("urc-inside", 6)
        places = set()
        for _ in range(6):
            lines = await d.client.ask("AT+CSQ;+CREG?")
            places.add(lines.index("+CGEV: NW MODIFY 1,0"))
            lines.remove("+CGEV: NW MODIFY 1,0")
            assert lines == ["+CSQ: 21,99", "+CREG: 0,1", "OK"]
        assert len(places) > 1
        assert await d.client.ask("AT+CSQ") == ["+CSQ: 21,99", "OK"]


async def test_a_foreign_line_never_stands_between_a_read_and_its_data(desk):
    async with desk() as d:
        await d.online()
        for _ in range(8):
            await d.client.send(b"data")
            assert await d.client.line() == "+CIPRXGET: 1,0"
            d.trouble.begin("urc-inside", 1)
            d.client.command("AT+CIPRXGET=2,0,100")
            await d.client.wait_for("+CIPRXGET: 2,0,4,0")
            assert await d.client.take(4) == b"data"
            await d.client.wait_for("OK")


async def test_urc_lost(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("urc-lost", 1)
        d.echo.writers[0].write(b"unannounced")
        assert await d.client.silence(0.1)
        d.echo.writers[0].write(b", and still")
        assert await d.client.silence(0.1)
        assert await d.client.ask("AT+CIPRXGET=4,0") == ["+CIPRXGET: 4,0,22", "OK"]


async def test_errors(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("errors", 2)
        assert [await d.client.ask("AT") for _ in range(3)] == [["ERROR"], ["ERROR"], ["OK"]]


async def test_silence(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("silence", 0.6)
        d.client.command("AT")
        d.echo.writers[0].write(b"x")
        assert await d.client.line() == "+CIPRXGET: 1,0"
        await asyncio.sleep(0.65)
        assert not d.client.unread
        assert await d.client.ask("AT") == ["OK"]


async def test_hang(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("hang")
        d.client.command("AT+CFUN=1,1")
        d.echo.writers[0].write(b"x")
        assert await d.client.silence(0.2)
        d.modem.reset(0)
        await asyncio.sleep(0.15)
        d.modem.reset(1)
        await d.client.wait_for("PB DONE")


async def test_no_prompt(desk):
    async with desk() as d:
        await d.online()
        d.modem.mischief.no_prompt_s = 0.1
        d.trouble.begin("no-prompt", 1)
        assert await d.client.ask("AT+CIPSEND=0,5") == ["ERROR"]
        assert await d.client.send(b"hello") == "+CIPSEND: 0,5,5"


# -- the module -------------------------------------------------------------------------------


async def test_reboot(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("reboot")
        assert await d.client.line() == "*ATREADY: 1"
        await d.client.wait_for("PB DONE")
        assert (await d.client.ask("AT+NETOPEN?"))[-2:] == ["+NETOPEN: 0", "OK"]
        assert d.echo.endings == []


async def test_no_supply(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("no-supply")
        d.client.command("AT")
        assert await d.client.silence()
        d.trouble.end("no-supply")
        assert await d.client.silence(0.2) and d.modem.life is Life.OFF
        await d.press()
        await d.client.wait_for("PB DONE")


# -- its connections --------------------------------------------------------------------------


async def test_open_fails(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("open-fails", 12)
        text = f'AT+CIPOPEN=1,"TCP","127.0.0.1",{d.echo.port}'
        await d.client.play(f"> {text}\n< OK\n< +CIPOPEN: 1,12\n> {text}\n< OK\n< +CIPOPEN: 1,0")


async def test_send_dead(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("send-dead")
        assert await d.client.send(b"hello") == "+CIPSEND: 0,5,-1"
        assert (await d.client.ask("AT+CIPCLOSE?"))[0] == "+CIPCLOSE: 0,0,0,0,0,0,0,0,0,0"
        assert d.echo.heard == b""


async def test_send_short(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("send-short", 2)
        assert await d.client.send(b"hello") == "+CIPSEND: 0,5,2"
        await d.eventually(lambda: d.echo.heard == b"he")


async def test_half_open(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("half-open")
        d.echo.writers[0].write(b"nobody hears this")
        assert await d.client.send(b"nor this") == "+CIPSEND: 0,8,8"
        assert await d.client.line() == "+IPCLOSE: 0,2"
        assert d.echo.heard == b"" and d.echo.endings == []


async def test_peer_reset(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("peer-reset")
        assert await d.client.line() == "+IPCLOSE: 0,1"
        await d.eventually(lambda: d.echo.endings == ["reset"])


async def test_late_data_lost(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("late-data-lost")
        d.echo.writers[0].write(b"bye")
        d.echo.writers[0].close()
        await d.client.play("< +CIPRXGET: 1,0\n< +IPCLOSE: 0,1")
        await d.client.play("> AT+CIPRXGET=2,0,100\n< +IPERROR: No data\n< ERROR")


async def test_network_closed(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("network-closed")
        await d.client.play(
            """
            < +CIPEVENT: NETWORK CLOSED UNEXPECTEDLY
            > AT+NETOPEN?
            < +NETOPEN: 0
            < OK
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            """
        )


async def test_network_stuck(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("network-stuck")
        await d.client.play(
            f"""
            < +CIPEVENT: NETWORK CLOSED UNEXPECTEDLY
            > AT+NETOPEN?
            < +NETOPEN: 1
            < OK
            > AT+CIPCLOSE?
            < +CIPCLOSE: 1,0,0,0,0,0,0,0,0,0
            < OK
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < +CIPOPEN: 0,9
            < ERROR
            > AT+CIPCLOSE=0
            < OK
            < +CIPCLOSE: 0,0
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,1
            > AT+NETOPEN
            < +IPERROR: Network is already opened
            < ERROR
            > AT+NETCLOSE
            < OK
            < +NETCLOSE: 0
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,0
            """
        )


# -- the network ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told", "error"),
    [
        ("outage-reset", ["+IPCLOSE: 0,1"], 1),
        ("outage-silent", [], 10),
        ("outage-refuse", [], 1),
    ],
)
async def test_outages(desk, name, told, error):
    async with desk() as d:
        await d.online()
        d.trouble.begin(name)
        for line in told:
            assert await d.client.line() == line
        d.modem.stack.connect_timeout_s = 0.3
        text = f'AT+CIPOPEN=1,"TCP","127.0.0.1",{d.echo.port}'
        await d.client.play(f"> {text}\n< OK\n< +CIPOPEN: 1,{error}")
        d.modem.stack.connect_timeout_s = 10
        d.trouble.end(name)
        await d.client.play(f"> {text}\n< OK\n< +CIPOPEN: 1,0")
        alive = name == "outage-refuse"
        if not told:
            await d.client.send(b"old")
            await asyncio.sleep(0.1)
            assert (d.echo.heard == b"old") == alive


async def test_no_registration_and_the_way_back(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("no-registration")
        assert await d.client.line() == "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"
        assert await d.client.ask("AT+CSQ;+CEREG?") == ["+CSQ: 99,99", "+CEREG: 0,2", "OK"]
        d.trouble.end("no-registration")
        assert await d.client.line() == "+CGEV: EPS PDN ACT 1"
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 0")


@pytest.mark.parametrize(("name", "number"), [("denied", 3), ("emergency-only", 11)])
async def test_a_network_that_does_not_serve(desk, name, number):
    async with desk() as d:
        await d.start()
        d.trouble.begin(name)
        await d.eventually(lambda: d.radio.stat == number)
        assert await d.client.ask("AT+CEREG?") == [f"+CEREG: 0,{number}", "OK"]
        await d.client.play("> AT+NETOPEN\n< OK\n< +NETOPEN: 1")


async def test_no_sim(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("no-sim")
        assert await d.client.line() == "+CPIN: SIM REMOVED"
        assert await d.client.ask("AT+CPIN?") == ["+CME ERROR: SIM not inserted"]
        d.trouble.end("no-sim")
        assert await d.client.ask("AT+CPIN?") == ["+CME ERROR: SIM not inserted"]
        d.client.command("AT+CFUN=1,1")
        await d.client.wait_for("PB DONE")
        assert (await d.client.ask("AT+CPIN?"))[-2:] == ["+CPIN: READY", "OK"]


async def test_signals(desk):
    async with desk() as d:
        await d.start()
        d.trouble.begin("csq-99")
        assert await d.client.ask("AT+CSQ;+CEREG?") == ["+CSQ: 99,99", "+CEREG: 0,1", "OK"]
        d.trouble.end("csq-99")
        d.trouble.begin("weak", 4)
        assert await d.client.ask("AT+CSQ") == ["+CSQ: 4,99", "OK"]


async def test_slow_air(desk):
    async with desk() as d:
        await d.online()
        d.trouble.begin("slow-air", 1.0)
        await d.client.send(b"late")
        await asyncio.sleep(0.1)
        assert d.echo.heard == b""
        await d.eventually(lambda: d.echo.heard == b"late")


@pytest.mark.parametrize(
    ("name", "answer"),
    [("no-position", "+CLBS: 12"), ("zero-position", "+CLBS: 0,0.000000,0.000000,550")],
)
async def test_positions(desk, name, answer):
    async with desk() as d:
        await d.online()
        d.trouble.begin(name)
        await d.client.play(f"> AT+CLBS=1\n< OK\n< {answer}")
        d.trouble.end(name)
        await d.client.play("> AT+CLBS=1\n< OK\n< +CLBS: 0,29.489428,106.638084,550")


# -- the plant --------------------------------------------------------------------------------


async def test_contactors(desk):
    async with desk() as d:
        d.trouble.begin("contactor-welded")
        assert d.mains.powered
        d.trouble.end("contactor-welded")
        d.trouble.begin("contactor-refuses")
        d.mains.set_relay(True, d.modem.clock())
        d.mains.step(d.modem.clock() + 10**9)
        assert not d.mains.powered


async def test_bypass_and_mains(desk):
    async with desk() as d:
        d.trouble.begin("bypass")
        assert d.mains.powered and not d.mains.contact
        d.trouble.begin("mains-off")
        assert not d.mains.powered
        d.trouble.end_all()
        assert d.mains.mains and not d.mains.powered


async def test_gas_lid_heat_and_a_terminal_that_is_torn_off(desk):
    async with desk() as d:
        d.trouble.begin("gas", 40)
        assert d.mains.gas_mv == 40 * 33
        d.trouble.begin("gas-sensor-absent")
        assert d.mains.gas_mv == 0
        d.trouble.begin("hot", 99)
        d.trouble.begin("lid")
        assert d.mains.board_c == 99 and d.mains.lid_open
        d.trouble.end_all()
        assert d.mains.gas_mv < 200 and d.mains.board_c == 25 and not d.mains.lid_open
        d.trouble.begin("torn-off")
        at_ns = d.mains.now_ns
        together = [(what, value) for at, what, value in d.mains.events if at == at_ns]
        assert together == [("lid_open", True), ("mains", False)]
        d.trouble.end_all()
        assert d.mains.mains and not d.mains.lid_open
