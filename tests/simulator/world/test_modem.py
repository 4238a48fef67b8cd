"""The module as a whole: switched on, used, switched off."""

import asyncio

from simulator.world.power import Life
from simulator.world.radio import Outage


async def test_a_day_of_the_modem_from_the_power_key_to_the_last_word(desk):
    async with desk() as d:
        assert await d.client.silence()
        await d.press()
        await d.client.play(
            """
            < *ATREADY: 1
            < +CPIN: READY
            < SMS DONE
            < PB DONE
            < +CGEV: EPS PDN ACT 1
            > ATE0
            < ATE0
            < OK
            > AT+CMEE=2
            < OK
            > AT+CPIN?
            < +CPIN: READY
            < OK
            > AT+CIMI
            < 460001234567890
            < OK
            > AT+CICCID
            < +ICCID: 89860012345678901234
            < OK
            > AT+CGSN
            < 867284065516041
            < OK
            > AT+CEREG?
            < +CEREG: 0,1
            < OK
            > AT+COPS?
            < +COPS: 0,0,"CHINA MOBILE",7
            < OK
            > AT+CSQ
            < +CSQ: 21,99
            < OK
            > AT+CGDCONT=1,"IP","cmnet"
            < OK
            > AT+CIPRXGET=1
            < OK
            > AT+NETOPEN
            < OK
            < +NETOPEN: 0
            > AT+NETOPEN
            < +IPERROR: Network is already opened
            < ERROR
            > AT+IPADDR
            < +IPADDR: 10.87.3.21
            < OK
            """
        )
        await d.client.play(
            f"""
            > AT+CIPOPEN=0,"TCP","127.0.0.1",{d.echo.port}
            < OK
            < +CIPOPEN: 0,0
            > AT+CIPCLOSE?
            < +CIPCLOSE: 1,0,0,0,0,0,0,0,0,0
            < OK
            """
        )
        assert await d.client.send(b"HELLO") == "+CIPSEND: 0,5,5"
        await d.client.play(
            """
            < +CIPRXGET: 1,0
            > AT+CIPRXGET=4,0
            < +CIPRXGET: 4,0,5
            < OK
            > AT+CIPRXGET=2,0,1500
            < +CIPRXGET: 2,0,5,0
            < HELLO
            < OK
            > AT+CIPRXGET=2,0,1500
            < +IPERROR: No data
            < ERROR
            > AT+CIPCLOSE=0
            < OK
            < +CIPCLOSE: 0,0
            > AT+NETCLOSE
            < OK
            < +NETCLOSE: 0
            > AT+CPOF
            < OK
            """
        )
        await d.eventually(lambda: d.modem.life is Life.OFF)
        assert d.echo.endings == ["end"]
        d.client.command("AT")
        assert await d.client.silence()


async def test_a_modem_that_is_off_hears_nothing_and_says_nothing(desk):
    async with desk() as d:
        d.client.command("AT")
        assert await d.client.silence()
        assert d.modem.life is Life.OFF and d.modem.starts == 0


async def test_what_is_sent_before_it_is_ready_is_dropped(desk):
    async with desk(boot_s=0.3) as d:
        await d.press()
        d.client.command("AT+CSQ")
        assert await d.client.line() == "*ATREADY: 1"
        assert "OK" not in await d.client.wait_for("PB DONE")


async def test_the_boot_lines_come_in_the_time_that_was_set(desk):
    async with desk(boot_s=0.4) as d:
        start = d.modem.clock()
        await d.press()
        assert await d.client.line() == "*ATREADY: 1"
        assert d.modem.clock() - start >= 0.4e9


async def test_without_a_sim_it_says_so_and_nothing_is_done(desk):
    async with desk() as d:
        d.radio.sim_present = False
        await d.press()
        await d.client.play("< *ATREADY: 1\n< +CPIN: SIM REMOVED")
        assert await d.client.silence(0.2)


async def test_a_restart_puts_back_the_settings_and_keeps_the_memory(desk):
    async with desk() as d:
        await d.start()
        await d.client.ask("AT+CEREG=2")
        await d.client.ask("AT+CIPRXGET=1")
        await d.client.ask('AT+CGDCONT=1,"IP","cmnet"')
        await d.client.ask("AT+CTZU=1")
        assert await d.client.ask("AT+CRESET") == ["OK"]
        await d.client.wait_for("PB DONE")
        await d.client.silence(0.1)
        d.client.unread.clear()
        assert await d.client.ask("AT+CIPRXGET?") == ["AT+CIPRXGET?", "+CIPRXGET: 0", "OK"]
        assert (await d.client.ask("AT+CEREG?"))[1] == "+CEREG: 0,1"
        assert (await d.client.ask("AT+CTZU?"))[1] == "+CTZU: 1"
        assert '+CGDCONT: 1,"IP","cmnet"' in (await d.client.ask("AT+CGDCONT?"))[1]
        assert (await d.client.ask("AT+CPIN=1"))[-1] == "ERROR"  # CMEE is 0 again


async def test_it_restarts_by_command_and_by_crash_as_a_new_start(desk):
    async with desk() as d:
        await d.start()
        for number, restart in enumerate((lambda: d.client.command("AT+CFUN=1,1"), d.modem.crash)):
            restart()
            await d.client.wait_for("*ATREADY: 1")
            await d.client.wait_for("PB DONE")
            assert d.modem.starts == 2 + number
            await d.client.silence(0.1)
            await d.client.ask("ATE0")


async def test_the_peer_of_a_modem_that_lost_its_power_hears_nothing(desk):
    async with desk() as d:
        await d.online()
        d.modem.supply(False)
        await asyncio.sleep(0.2)
        assert d.echo.endings == []
        assert d.modem.stack.links == {}


async def test_what_was_about_to_be_said_dies_with_the_power(desk):
    async with desk() as d:
        await d.start()
        d.client.command("AT+NETOPEN")
        assert await d.client.line() == "OK"
        d.modem.supply(False)
        assert await d.client.silence(0.2)


async def test_a_power_cut_in_the_middle_of_an_opening_leaves_nothing_behind(desk):
    async with desk() as d:
        await d.online()
        d.radio.begin_outage(Outage.SILENT)
        await d.client.play(f'> AT+CIPOPEN=1,"TCP","127.0.0.1",{d.echo.port}\n< OK')
        await asyncio.sleep(0.05)
        d.client.command(f'AT+CIPOPEN=2,"TCP","127.0.0.1",{d.echo.port}')
        d.modem.supply(False)
        assert await d.client.silence(0.2)
        assert d.modem.stack.links == {}


async def test_closing_the_simulation_resets_the_peers(desk):
    async with desk() as d:
        await d.online()
        d.modem.close()
        await d.eventually(lambda: d.echo.endings == ["reset"])


async def test_the_line_rate_changes_after_ok_and_is_kept(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+IPR=9600") == ["OK"]
        await d.eventually(lambda: d.line.modem_baud == 9_600)
        d.line.set_host_baud(9_600)
        assert await d.client.ask("AT+IPR?") == ["+IPR: 9600", "OK"]
        d.modem.crash()
        await d.client.wait_for("PB DONE")
        assert d.line.modem_baud == 9_600
        assert (await d.client.ask("AT+IPR=12345"))[-1] == "ERROR"
