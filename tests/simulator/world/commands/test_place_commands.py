from dataclasses import replace
from math import hypot

import pytest

from simulator.world.commands.place import gcj02
from simulator.world.radio import Stat


async def test_the_position_comes_latitude_first_after_ok(desk):
    async with desk() as d:
        await d.online()
        await d.client.play("> AT+CLBS=1\n< OK\n< +CLBS: 0,29.489428,106.638084,550")


async def test_with_time_on_request(desk):
    async with desk() as d:
        await d.online()
        await d.client.ask("AT+CLBS=4,1")
        line = await d.client.line()
        assert line.startswith("+CLBS: 0,29.489428,106.638084,550,20") and line.count(",") == 5


async def test_the_chinese_datum_on_request(desk):
    async with desk() as d:
        await d.online()
        await d.client.ask("AT+CLBS=1,1,,,1")
        lat, lng = map(float, (await d.client.line()).split(",")[1:3])
        assert 200 < hypot((lat - 29.489428) * 111e3, (lng - 106.638084) * 97e3) < 800


def test_the_datum_shift_agrees_with_a_published_pair():
    """Tiananmen as given in both systems by public map services, within a few metres."""
    lat, lng = gcj02(39.907375, 116.391349)
    assert lat == pytest.approx(39.908778, abs=5e-5)
    assert lng == pytest.approx(116.397592, abs=5e-5)


async def test_without_the_network_opened_or_a_cell_there_is_an_error_number(desk):
    async with desk() as d:
        await d.start()
        await d.client.play("> AT+CLBS=1\n< OK\n< +CLBS: 21")
        d.radio.coverage = Stat.SEARCHING
        await d.client.play("> AT+CLBS=1\n< OK\n< +CLBS: 16")


async def test_one_question_at_a_time(desk, quick):
    async with desk(timing=replace(quick, locate_s=0.5)) as d:
        await d.online()
        await d.client.ask("AT+CLBS=1")
        await d.client.ask("AT+CLBS=1")
        assert await d.client.line() == "+CLBS: 8"
        assert (await d.client.line()).startswith("+CLBS: 0,")


@pytest.mark.parametrize("text", ["AT+CLBS=0", "AT+CLBS=2", "AT+CLBS=1,99", "AT+CLBS=1,1,,,7"])
async def test_what_it_cannot_answer_is_refused(desk, text):
    async with desk() as d:
        await d.online()
        assert "ERROR" in (await d.client.ask(text))[-1]
