"""The bench page: a drawn machine that is as the simulated one is, and buttons that touch it."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect, sync_playwright

from simulator.demo import Demo
from tests.browser.chromium import launch

pytestmark = pytest.mark.slow

VOICE = """
const tell = (words) => { document.documentElement.dataset.aloud = words; };
Object.defineProperty(window, "speechSynthesis", { value: {
  speak: ({ lang, text }) => tell(`${lang} ${text}`),
  cancel: () => tell("hushed"),
} });
"""


@pytest.fixture
def page(stage: Demo) -> Iterator[Page]:
    """The page on a phone; whatever its policy forbids or its script complains of is told."""
    with sync_playwright() as play:
        browser = launch(play)
        page = browser.new_page(viewport={"width": 360, "height": 800})
        page.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        complaints: list[str] = []
        page.on("console", lambda told: told.type == "error" and complaints.append(told.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(VOICE)
        answer = page.goto(stage.bench_url)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy
        yield page
        browser.close()
        assert complaints == []


def button(card: Locator, words: str) -> Locator:
    return card.get_by_role("button", name=words, exact=True)


def test_what_is_touched_shows_on_the_drawing_and_axe_finds_nothing(page: Page) -> None:
    card = page.locator("article").first
    drawing, state = card.locator(".drawing"), card.locator(".state")
    expect(drawing).to_contain_class("live")
    expect(drawing).to_contain_class("lit")
    expect(drawing).not_to_contain_class("off-line")

    def switch(words: str, mark: str) -> None:
        """Pressed and pressed again: the drawing has the mark, and has it no more."""
        button(card, words).click()
        expect(button(card, words)).to_have_attribute("aria-pressed", "true")
        expect(drawing).to_contain_class(mark)
        button(card, words).click()
        expect(button(card, words)).to_have_attribute("aria-pressed", "false")
        expect(drawing).not_to_contain_class(mark)

    switch("开盖", "lid-open")
    switch("旁路", "bypassed")
    page.get_by_role("button", name="朗读播报").click()
    button(card, "燃气泄漏").click()
    expect(drawing.locator(".gas text")).to_have_text("30 %LEL")
    whole = page.locator("html")
    expect(whole).to_have_attribute("data-aloud", re.compile("^zh-CN .*燃气"))
    expect(card.locator(".said")).to_contain_text("燃气")  # the subtitle
    page.get_by_role("button", name="朗读播报").click()
    expect(whole).to_have_attribute("data-aloud", "hushed")
    button(card, "燃气泄漏").click()
    expect(drawing.locator(".gas text")).to_have_text("0 %LEL")
    card.locator(".signal").fill("5")
    expect(drawing.locator(".bars .has")).to_have_count(1)
    card.locator(".current").fill("200")
    expect(card.locator("output").first).to_have_text("200 A")
    switch("断 4G", "off-line")
    button(card, "断蓝牙").click()
    expect(button(card, "断蓝牙")).to_have_attribute("aria-pressed", "true")
    button(card, "断电").click()
    expect(state).to_have_text("终端没有电")
    expect(drawing).not_to_contain_class("live")
    expect(drawing).not_to_contain_class("lit")
    button(card, "断电").click()
    expect(state).to_have_text("○ 已断开")
    for dark in ("light", "dark"):
        page.emulate_media(color_scheme=dark)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Bench")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    expect(button(card, "Power cut")).to_be_visible()
