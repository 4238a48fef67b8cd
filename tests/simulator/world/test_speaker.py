import asyncio

import pytest

from simulator.world.speaker import Speaker


async def test_what_is_said_is_heard_with_its_time_in_order():
    ns = iter(range(100, 200, 10))
    speaker = Speaker(lambda: next(ns))
    speaker.begin("已开机")
    speaker.begin("已关机")
    assert speaker.heard() == [(100, "已开机"), (110, "已关机")]
    assert speaker.heard(since_ns=105) == [(110, "已关机")]


async def test_a_listener_gets_the_next_text_that_matches():
    speaker = Speaker()
    speaker.begin("验证码 1111")
    waiting = asyncio.create_task(speaker.next(lambda text: "验证码" in text))
    await asyncio.sleep(0)
    speaker.begin("请稍候")
    speaker.begin("验证码 2222")
    assert (await waiting).text == "验证码 2222"


async def test_a_listener_does_not_wait_for_ever():
    with pytest.raises(TimeoutError):
        await Speaker().next(timeout_s=0.02)


async def test_an_utterance_tells_whether_it_was_broken_off():
    speaker = Speaker()
    whole, broken = speaker.begin("a"), speaker.begin("b")
    assert whole.end_ns is None
    speaker.end(whole, whole=True)
    speaker.end(broken, whole=False)
    assert whole.whole and not broken.whole and broken.end_ns >= broken.start_ns
