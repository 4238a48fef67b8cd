import asyncio

import pytest

from simulator.world.radio import News, Radio, Sim, Stat


def quick(**options) -> tuple[Radio, list]:
    radio, news = Radio(search_s=0.03, nitz_s=0.01, **options), []
    radio.watch = lambda what: news.append((what, radio.stat))
    return radio, news


async def test_it_searches_and_registers_and_then_tells_the_time():
    radio, news = quick()
    assert radio.stat is Stat.OFF and radio.csq == 99
    radio.turn(True)
    assert radio.stat is Stat.SEARCHING and radio.csq == 99
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.HOME and radio.csq == 21
    assert news == [
        (News.STAT, Stat.SEARCHING),
        (News.STAT, Stat.HOME),
        (News.NITZ, Stat.HOME),
    ]


@pytest.mark.parametrize("coverage", [Stat.ROAMING, Stat.DENIED, Stat.EMERGENCY])
async def test_it_becomes_what_the_network_answers(coverage):
    radio, _ = quick(coverage=coverage)
    radio.turn(True)
    await asyncio.sleep(0.1)
    assert radio.stat is coverage
    assert radio.stat.serves == (coverage is Stat.ROAMING)


async def test_without_a_cell_it_searches_for_ever():
    radio, _ = quick(coverage=Stat.SEARCHING)
    radio.turn(True)
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.SEARCHING and radio.csq == 99


async def test_a_lost_cell_is_felt_at_once_and_a_new_one_takes_a_search():
    radio, _ = quick()
    radio.turn(True)
    await asyncio.sleep(0.1)
    radio.coverage = Stat.SEARCHING
    assert radio.stat is Stat.SEARCHING
    radio.coverage = Stat.HOME
    assert radio.stat is Stat.SEARCHING
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.HOME


async def test_without_a_sim_only_emergency_calls_are_left():
    radio, _ = quick()
    radio.sim_present = False
    radio.turn(True)
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.EMERGENCY


async def test_a_removed_sim_is_noticed_and_a_new_one_only_at_the_next_start():
    radio, news = quick()
    radio.turn(True)
    await asyncio.sleep(0.1)
    radio.remove_sim()
    await asyncio.sleep(0.1)
    assert (News.SIM, Stat.HOME) in news and radio.stat is Stat.EMERGENCY
    radio.insert_sim(Sim(imsi="460030000000001"))
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.EMERGENCY
    radio.turn(False)
    radio.turn(True)
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.HOME and radio.sim.imsi.startswith("46003")


async def test_a_locked_sim_registers_after_its_pin():
    radio, _ = quick(sim=Sim(pin="1234"))
    radio.turn(True)
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.EMERGENCY
    assert not radio.unlock_sim("0000")
    assert radio.unlock_sim("1234")
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.HOME


def test_three_wrong_pins_block_the_card():
    radio, _ = quick(sim=Sim(pin="1234"))
    for _ in range(3):
        assert not radio.unlock_sim("0000")
    assert radio.sim.state == "SIM PUK" and not radio.unlock_sim("1234")


async def test_switched_off_in_the_middle_of_a_search_it_stays_off():
    radio, _ = quick()
    radio.turn(True)
    radio.turn(False)
    await asyncio.sleep(0.1)
    assert radio.stat is Stat.OFF
