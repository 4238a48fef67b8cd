"""The bench page: a drawn machine that is as the simulated one is, and buttons that touch it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from simulator.demo import Demo
from tests.browser.chromium import launch

pytestmark = pytest.mark.slow


@pytest.fixture
def page(stage: Demo) -> Iterator[Page]:
    with sync_playwright() as play:
        browser = launch(play)
        page = browser.new_page(viewport={"width": 360, "height": 800})
        page.set_default_timeout(30_000)
        expect.set_options(timeout=60_000)
        page.goto(stage.bench_url)
        yield page
        browser.close()


def test_what_is_touched_shows_on_the_drawing_and_axe_finds_nothing(page: Page) -> None:
    card = page.locator("article").first
    drawing = card.locator(".drawing")

    def press(words: str, mark: str) -> None:
        button = card.get_by_role("button", name=words, exact=True)
        button.click()
        expect(drawing).to_have_class(f"drawing {mark}" if mark else "drawing")

    expect(drawing).to_have_class("drawing live")  # on line
    for words, mark in (("开盖", "live lid-open"), ("开盖", "live")):
        press(words, mark)
    card.get_by_role("button", name="燃气泄漏", exact=True).click()
    expect(drawing.locator(".gas text")).to_have_text("30 %LEL")
    card.get_by_role("button", name="燃气泄漏", exact=True).click()
    expect(drawing.locator(".gas text")).to_have_text("0 %LEL")
    card.locator(".signal").fill("5")
    expect(drawing.locator(".bars .has")).to_have_count(1)
    card.get_by_role("button", name="断蓝牙", exact=True).click()
    pressed = card.get_by_role("button", name="断蓝牙", exact=True)
    expect(pressed).to_have_attribute("aria-pressed", "true")
    card.get_by_role("button", name="断电", exact=True).click()
    expect(card.locator(".state")).to_have_text("终端没有电")
    card.get_by_role("button", name="断电", exact=True).click()
    expect(card.locator(".state")).to_have_text("○ 已断开")
    for dark in ("light", "dark"):
        page.emulate_media(color_scheme=dark)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Bench")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    expect(card.get_by_role("button", name="Power cut", exact=True)).to_be_visible()
