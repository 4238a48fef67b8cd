import pytest

from simulator.world.module import Identity


def ucs2(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


async def test_a_text_is_spoken_and_its_end_reported(desk):
    async with desk() as d:
        await d.start()
        heard = d.speaker.next()
        d.client.command(f'AT+CTTS=1,"{ucs2("焊机已启动")}"')
        assert [await d.client.line() for _ in range(3)] == ["+CTTS:", "OK", "+CTTS: 0"]
        assert d.speaker.heard()[0][1] == "焊机已启动"
        utterance = d.speaker.utterances[0]
        assert utterance.whole and utterance.end_ns - utterance.start_ns >= 5 * 0.01e9
        heard.close()


async def test_gbk_text_is_spoken_as_well(desk):
    async with desk() as d:
        await d.start()
        d.client.write(b'AT+CTTS=2,"' + "验证码1234".encode("gbk") + b'"\r')
        await d.client.wait_for("+CTTS: 0")
        assert d.speaker.heard()[0][1] == "验证码1234"


async def test_longer_texts_take_longer_and_a_rate_shortens_them(desk, quick):
    async with desk(speech_rate=10.0) as d:
        await d.start()
        await d.client.ask(f'AT+CTTS=1,"{ucs2("长" * 100)}"')
        await d.client.wait_for("+CTTS: 0")
        lasted = d.speaker.utterances[0].end_ns - d.speaker.utterances[0].start_ns
        assert lasted >= 100 * quick.character_s / 10 * 1e9


async def test_while_it_speaks_another_text_is_refused_and_a_stop_ends_it(desk):
    async with desk(speech_rate=0.2) as d:
        await d.start()
        await d.client.ask(f'AT+CTTS=1,"{ucs2("很长的话" * 30)}"')
        assert await d.client.ask('AT+CTTS=2,"hello"') == ["ERROR"]
        assert await d.client.ask("AT+CTTS?") == ["+CTTS: 6", "OK"]
        assert await d.client.ask("AT+CTTSPARAM=1") == ["ERROR"]
        assert await d.client.ask("AT+CTTS=0") == ["+CTTS: 0", "OK"]
        assert not d.speaker.utterances[0].whole
        assert await d.client.ask("AT+CTTS=0") == ["OK"]
        assert await d.client.ask("AT+CTTS?") == ["+CTTS: 0", "OK"]


@pytest.mark.parametrize(
    "text",
    ['1,"4F6"', '1,"zz"', '1,""', "1", '3,"a"', f'1,"{"4F60" * 129}"', '2,"' + "a" * 513 + '"'],
)
async def test_what_cannot_be_spoken_is_an_error(desk, text):
    async with desk() as d:
        await d.start()
        assert (await d.client.ask(f"AT+CTTS={text}"))[-1] in (
            "ERROR",
            "+CME ERROR: invalid parameters",
        )
        assert d.speaker.heard() == []


async def test_the_parameters_have_ranges_and_are_kept(desk):
    async with desk() as d:
        await d.start()
        assert await d.client.ask("AT+CTTSPARAM=?") == [
            "+CTTSPARAM: (0-2),(0-3),(0-2),(0-2),(0-2)",
            "OK",
        ]
        assert await d.client.ask("AT+CTTSPARAM=2,3") == ["OK"]
        assert await d.client.ask("AT+CTTSPARAM?") == ["+CTTSPARAM: 2,3,0,1,1", "OK"]
        assert await d.client.ask("AT+CTTSPARAM=9") == ["+CME ERROR: invalid parameters"]
        assert await d.client.ask("AT+CLVL=5;+CLVL?") == ["+CLVL: 5", "OK"]
        assert await d.client.ask("AT+CDTAM=0") == ["OK"]


async def test_a_module_without_speech_refuses_all_of_it(desk):
    async with desk(identity=Identity(features=frozenset())) as d:
        await d.start()
        for text in ("AT+CTTS=?", "AT+CTTS?", 'AT+CTTS=2,"a"', "AT+CTTSPARAM=?", "AT+CTTSPARAM?"):
            assert await d.client.ask(text) == ["ERROR"]
        assert await d.client.ask("AT+CLBS=?") == ["ERROR"]
        assert await d.client.ask("AT+CLBS=1") == ["ERROR"]


async def test_a_power_cut_breaks_the_sentence(desk):
    async with desk() as d:
        await d.start()
        await d.client.ask(f'AT+CTTS=1,"{ucs2("很长的话" * 30)}"')
        d.modem.supply(False)
        assert not d.speaker.utterances[0].whole and d.speaker.utterances[0].end_ns
