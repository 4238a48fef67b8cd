from datetime import UTC, datetime

from simulator.world.radio import Outage, Radio, Stat

NOON = datetime(2026, 1, 31, 4, 0, tzinfo=UTC)


def air() -> Radio:
    return Radio(search_s=0.02, nitz_s=0.01, one_way_s=0.01, bearer_s=0.15, utc=lambda: NOON)


async def test_the_clock_stands_at_1970_as_long_as_nobody_sets_it(desk):
    async with desk(radio=air()) as d:
        await d.start()
        line, _ = await d.client.ask("AT+CCLK?")
        assert line.startswith('+CCLK: "70/01/01,00:00:') and line.endswith('+00"')


async def test_network_time_is_taken_at_the_next_registration_once_allowed(desk):
    async with desk(radio=air()) as d:
        await d.start()
        assert await d.client.ask("AT+CTZU=1;+CTZR=1") == ["OK"]
        assert '"70/' in (await d.client.ask("AT+CCLK?"))[0]
        d.radio.coverage = Stat.SEARCHING
        d.radio.coverage = Stat.HOME
        await d.client.wait_for("+CTZV: +32,26/01/31,04:00:00")
        assert (await d.client.ask("AT+CCLK?"))[0] == '+CCLK: "26/01/31,12:00:00+32"'


async def test_permission_for_network_time_is_kept_and_works_at_the_next_start(desk):
    async with desk(radio=air()) as d:
        await d.start()
        await d.client.ask("AT+CTZU=1")
        d.modem.crash()
        await d.client.wait_for("PB DONE")
        await d.eventually(lambda: d.modem.rtc.local.year == 2026)


async def test_ntp_sets_the_clock_with_the_zone_that_was_asked(desk):
    async with desk(radio=air()) as d:
        await d.start()
        assert await d.client.ask("AT+CNTP") == ["+CME ERROR: operation not allowed"]
        await d.client.play(
            """
            > AT+CNTP="ntp.aliyun.com",32
            < OK
            > AT+CNTP?
            < +CNTP: "ntp.aliyun.com",32
            < OK
            > AT+CNTP
            < OK
            < +CNTP: 0
            """
        )
        assert (await d.client.ask("AT+CCLK?"))[0] == '+CCLK: "26/01/31,12:00:00+32"'


async def test_ntp_fails_without_a_way_out(desk):
    async with desk(radio=air()) as d:
        await d.start()
        await d.client.ask('AT+CNTP="ntp.aliyun.com",32')
        d.radio.begin_outage(Outage.SILENT)
        await d.client.play("> AT+CNTP\n< OK\n< +CNTP: 4")


async def test_the_terminal_can_set_the_clock_itself(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask('AT+CCLK="26/02/03,08:09:10+32"') == ["OK"]
        assert (await d.client.ask("AT+CCLK?"))[0].startswith('+CCLK: "26/02/03,08:09:1')
        for wrong in ("now", "26/02/30,08:00:00+32"):
            assert await d.client.ask(f'AT+CCLK="{wrong}"') == ["+CME ERROR: invalid parameters"]
