"""The bench page: a drawn machine that is as the simulated one is, and buttons that touch it.

A job is played with two phones beside it, so that the relay closes as it does in life.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo
from simulator.job import Machine, clear, prepare, switch_on, wait_state
from tests.browser.axe import violations
from tests.browser.chromium import launch

pytestmark = pytest.mark.slow

VOICE = """
const tell = (words) => { document.documentElement.dataset.aloud = words; };
Object.defineProperty(window, "speechSynthesis", { value: {
  speak: ({ lang, text }) => tell(`${lang} ${text}`),
  cancel: () => tell("hushed"),
} });
"""
ENGLISH = {
    "朗读播报": "Read aloud",
    "起弧": "Strike",
    "熄弧": "Lift",
    "按钮": "Button",
    "开盖": "Open lid",
    "旁路": "Bypass",
    "闪断 0.5 秒": "Blink 0.5 s",
    "断电": "Power cut",
    "断 4G": "4G down",
    "断蓝牙": "BLE off",
    "燃气泄漏": "Gas leak",
    "● 已合闸": "● closed",
    "○ 已断开": "○ open",
    "终端没有电": "Terminal without power",
    "在线": "on line",
    "不在线": "off line",
}
NEEDLE = "needle => Number(needle.style.transform.match(/-?[0-9.]+/)[0])"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        expect.set_options(timeout=60_000)
        browser = launch(play)
        yield browser
        browser.close()


@dataclass
class Bench:
    """The page, and the card of one machine on it."""

    page: Page
    machine: Machine
    lang: str

    def said(self, words: str) -> str:
        """These words in the language of the page."""
        return ENGLISH[words] if self.lang == "en" else words

    def speak(self, lang: str) -> None:
        """From now on the page is in this language."""
        if lang != self.lang:
            button = {"zh": "中文", "en": "English"}[lang]
            self.page.get_by_role("button", name=button, exact=True).click()
            self.lang = lang
        expect(self.page.locator("h1")).to_have_text({"zh": "试验台", "en": "Bench"}[lang])
        wide = self.page.viewport_size["width"]  # type: ignore[index]
        assert self.page.evaluate("document.documentElement.scrollWidth") <= wide

    def turn(self) -> None:
        """The other language."""
        self.speak("zh" if self.lang == "en" else "en")

    @property
    def card(self) -> Locator:
        return self.page.locator("article", has_text=self.machine.device)

    @property
    def drawing(self) -> Locator:
        return self.card.locator(".drawing")

    def button(self, words: str) -> Locator:
        return self.card.get_by_role("button", name=self.said(words), exact=True)

    def state(self, words: str) -> None:
        expect(self.card.locator(".state")).to_have_text(self.said(words))

    def hears(self, words: str) -> None:
        """The subtitle is what the speaker says."""
        expect(self.card.locator(".said")).to_contain_text(words)

    def switch(self, words: str, mark: str = "") -> None:
        """Pressed and pressed again: the drawing has the mark, and has it no more."""
        for pressed in (True, False):
            self.button(words).click()
            expect(self.button(words)).to_have_attribute("aria-pressed", str(pressed).lower())
            if mark:
                marked = expect(self.drawing)
                (marked.to_contain_class if pressed else marked.not_to_contain_class)(mark)


@pytest.fixture(params=[(360, "zh", 0), (1280, "en", 1)], ids=["phone-zh", "desk-en"])
def bench(request: Any, stage: Demo, chromium: Browser) -> Iterator[Bench]:
    """The page, and a machine of its own; whatever its policy forbids or its script complains of
    is told."""
    width, lang, number = request.param
    context = chromium.new_context(viewport={"width": width, "height": 800})
    context.set_default_timeout(60_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: told.type == "error" and complaints.append(told.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_init_script(VOICE)
    answer = page.goto(stage.bench_url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    entry = stage.county["machines"][number]
    machine = Machine(entry["code"], entry["device"], stage.bench_url)
    bench = Bench(page, machine, "zh")
    bench.speak(lang)
    yield bench
    context.close()
    assert complaints == []


def test_a_job_is_seen_and_heard_on_the_drawing(stage: Demo, bench: Bench) -> None:
    drawing, machine = bench.drawing, bench.machine
    expect(drawing).to_contain_class("live")
    expect(drawing).not_to_contain_class("closed")
    bench.state("○ 已断开")
    welder = person(stage, VALID)
    prepare(welder, person(stage, FIRE_WATCH), machine)
    switch_on(welder, machine)
    expect(drawing).to_contain_class("closed")
    bench.state("● 已合闸")

    needle, amps = drawing.locator(".needle"), drawing.locator(".amps")
    rests = needle.evaluate(NEEDLE)
    bench.button("起弧").click()
    expect(drawing).to_contain_class("burning")
    expect(amps).to_have_text(re.compile("^1[0-4][0-9] A$"))  # 120 and a welder's hand
    low = needle.evaluate(NEEDLE)
    bench.card.locator(".current").fill("200")
    expect(bench.card.locator("output").first).to_have_text("200 A")
    expect(amps).to_have_text(re.compile("^(1[6-9]|2[0-4])[0-9] A$"))
    assert rests < low < needle.evaluate(NEEDLE)
    bench.turn()
    bench.button("熄弧").click()
    expect(drawing).not_to_contain_class("burning")
    expect(amps).to_have_text("0 A")

    starts = machine.look()["starts"]
    bench.button("闪断 0.5 秒").click()
    bench.hears("刚才停过电，作业已暂停")
    expect(drawing).to_contain_class("live")
    bench.state("○ 已断开")
    assert machine.look()["starts"] == starts  # it lived on
    # Its last words were that it would be off: it is on line again when it has said the next.
    back = {"state": "paused", "online": True}
    wait_state("paused", welder, machine, lambda shown: back.items() <= shown.items())
    welder.phone.open(machine.page)
    switch_on(welder, machine)
    bench.turn()
    bench.state("● 已合闸")
    bench.button("按钮").click()
    bench.state("○ 已断开")
    expect(drawing).not_to_contain_class("closed")
    wait_state("off", welder, machine, lambda shown: shown["off_confirmed"])
    clear(welder, machine)


def test_what_is_touched_shows_on_the_drawing_and_axe_finds_nothing(bench: Bench) -> None:
    page, card, drawing = bench.page, bench.card, bench.drawing
    expect(drawing).to_contain_class("live")
    expect(drawing).to_contain_class("lit")
    expect(drawing).not_to_contain_class("off-line")
    bench.switch("开盖", "lid-open")
    bench.hears("终端被打开，已报警")
    bench.switch("旁路", "bypassed")
    aloud = page.get_by_role("button", name=bench.said("朗读播报"))
    aloud.click()
    bench.button("燃气泄漏").click()
    expect(drawing).to_contain_class("leaking")
    expect(drawing.locator(".gas text")).to_have_text("30 %LEL")
    whole = page.locator("html")
    expect(whole).to_have_attribute("data-aloud", re.compile("^zh-CN .*燃气"))
    bench.hears("燃气")
    aloud.click()
    expect(whole).to_have_attribute("data-aloud", "hushed")
    bench.button("燃气泄漏").click()
    expect(drawing.locator(".gas text")).to_have_text("0 %LEL")
    expect(drawing).not_to_contain_class("leaking")
    bench.turn()
    for signal, bars in (("5", 1), ("30", 4)):
        card.locator(".signal").fill(signal)
        expect(drawing.locator(".bars .has")).to_have_count(bars)
    bench.button("断 4G").click()
    expect(drawing).to_contain_class("off-line")
    bench.switch("断蓝牙")
    bench.button("断电").click()
    bench.state("终端没有电")
    expect(drawing).not_to_contain_class("live")
    expect(drawing).not_to_contain_class("lit")
    expect(card.locator(".link")).to_have_text(re.compile(f"^{bench.said('不在线')}"))
    bench.button("断 4G").click()
    bench.button("断电").click()
    bench.state("○ 已断开")
    expect(drawing).to_contain_class("lit")
    expect(card.locator(".link")).to_have_text(re.compile(f"^{bench.said('在线')}"))
    expect(drawing).not_to_contain_class("off-line")
    assert violations(page) == []
    bench.turn()
