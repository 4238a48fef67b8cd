"""PWRKEY, RESET and the supply, at the speeds of the quick datasheet (10, 400, 100 ms)."""

import asyncio

from simulator.world.power import Life


async def test_a_short_touch_of_the_key_does_nothing(desk):
    async with desk() as d:
        d.modem.power_key(0)
        d.modem.power_key(1)
        await asyncio.sleep(0.1)
        assert d.modem.life is Life.OFF


async def test_a_press_switches_on_and_a_long_one_off(desk):
    async with desk() as d:
        await d.start()
        await d.press(0.5)
        await d.eventually(lambda: d.modem.life is Life.OFF)
        d.client.command("AT")
        assert await d.client.silence()


async def test_a_short_press_while_on_changes_nothing(desk):
    async with desk() as d:
        await d.start()
        await d.press(0.02)
        await asyncio.sleep(0.5)
        assert d.modem.life is Life.ON and d.modem.starts == 1


async def test_holding_the_key_for_ever_switches_on_once(desk):
    async with desk() as d:
        d.modem.power_key(0)
        await d.client.wait_for("PB DONE")
        assert d.modem.life is Life.ON and d.modem.starts == 1


async def test_reset_restarts_when_it_is_released(desk):
    async with desk() as d:
        await d.start()
        d.modem.reset(0)
        await asyncio.sleep(0.15)
        assert d.modem.life is Life.OFF
        d.modem.reset(1)
        assert await d.client.line() == "*ATREADY: 1"
        assert d.modem.starts == 2


async def test_a_short_reset_is_ignored_and_so_is_one_of_a_modem_that_is_off(desk):
    async with desk() as d:
        d.modem.reset(0)
        await asyncio.sleep(0.15)
        d.modem.reset(1)
        assert d.modem.life is Life.OFF
        await d.start()
        d.modem.reset(0)
        d.modem.reset(1)
        await asyncio.sleep(0.15)
        assert d.modem.life is Life.ON and d.modem.starts == 1


async def test_without_supply_the_key_is_dead_and_with_it_the_key_is_needed(desk):
    async with desk() as d:
        await d.start()
        d.modem.supply(False)
        assert d.modem.life is Life.OFF
        await d.press()
        await asyncio.sleep(0.05)
        assert d.modem.life is Life.OFF
        d.modem.supply(True)
        await asyncio.sleep(0.05)
        assert d.modem.life is Life.OFF
        await d.press()
        await d.client.wait_for("PB DONE")
