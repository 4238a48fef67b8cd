"""Chromium without a face, a stage to look at, and people with phones."""

import os
import re
import shutil
import time
from collections import deque

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from cloud import demo
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.registry import people
from cloud.web.language import COOKIE
from cloud.web.visitor import SESSION
from cloud.work import permits
from simulator import authenticator
from tests import databases
from tests.browser import drawn, fitting
from tests.browser.chromium import launch
from tests.browser.stage import Stage

SEEN = pytest.StashKey()
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
expect.set_options(timeout=60_000)
both_ways = pytest.mark.parametrize(
    "phone", [(PHONE, "zh"), (DESK, "en")], indirect=True, ids=["phone-zh", "desk-en"]
)
the_other_ways = pytest.mark.parametrize(
    "phone", [(PHONE, "en"), (DESK, "zh")], indirect=True, ids=["phone-en", "desk-zh"]
)
all_ways = pytest.mark.parametrize(
    "phone",
    [(size, lang) for size in (PHONE, DESK) for lang in ("zh", "en")],
    indirect=True,
    ids=["phone-zh", "phone-en", "desk-zh", "desk-en"],
)


@pytest.fixture(scope="package")  # its event loop must not outlive these tests
def chromium():
    with sync_playwright() as play:
        browser = launch(play)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def county(tmp_path_factory):
    """A data folder with the demo county, made once: each stage plays on a copy of its own."""
    folder = tmp_path_factory.mktemp("county")
    if databases.CHOSEN == "sqlite":
        ground = opened(folder)
        migrate(ground.engine)
        demo.seed(ground)
        ground.close()
    return folder


@pytest.fixture
def stage(tmp_path, county):
    shutil.copytree(county, tmp_path, dirs_exist_ok=True)
    _last_step.clear()
    stage = Stage(opened(tmp_path))
    yield stage
    stage.close()


def opened(folder):
    settings = Settings(
        data_dir=folder,
        argon2_kib=8,
        argon2_rounds=1,
        figures_s=0,
        presence_s=600,  # a busy machine may stand still between two presses
    )
    return Ground.open(settings)


@pytest.fixture
def permit(stage):
    """A permit that waits for an answer."""
    with stage.ground.write() as unit:
        welder = people.by_login(unit, "welder1")
        window = {"window_from": unit.now, "window_to": unit.now + 3_600_000}
        asked = {"enterprise_id": welder.enterprise_id, "grade": "second", "work": "焊接支架"}
        return permits.ask(unit, welder, **asked, **window).id


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed:
        report.sections += [("phone", text) for text in item.stash.get(SEEN, lambda: [])()]
    return report


@pytest.fixture
def phone(request, chromium, stage):
    """Make a page on a phone or desk of its own, signed in as somebody of the demo county; without
    script by the form, else with a session at hand.

    Whatever a page asks of another host, or complains of in its console, fails the test. A test
    that fails tells what each phone showed and what it had asked of the cloud. `both_ways` runs a
    test on a phone in Chinese and on a desk in English, `the_other_ways` the other way round.
    """
    usual, lang = getattr(request, "param", (PHONE, "zh"))
    contexts, complaints, traffic = [], [], {}
    request.node.stash[SEEN] = lambda: [seen(page, asked) for page, asked in traffic.items()]

    def make(login=None, at="/", size=None, dark=False, script=True):
        context = chromium.new_context(
            viewport=size or usual,
            device_scale_factor=2,
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        cookies = {COOKIE: lang} | ({SESSION: stage.session(login)} if login and script else {})
        context.add_cookies(
            [{"name": name, "value": told, "url": stage.url} for name, told in cookies.items()]
        )
        page = context.new_page()
        page.lang, page.plain, page.names = lang, not script, fitting.names(stage.county)
        drawn.keep(page)
        page.on("request", lambda asked: foreign(asked.url))
        page.on("console", lambda told: told.type == "error" and console(told.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        asked = traffic[page] = deque(maxlen=30)
        page.on("request", lambda one: asked.append(f"{one.method} {one.url}"))
        page.on("response", lambda one: asked.append(f"  {one.status} {one.url}"))
        page.on("requestfailed", lambda one: asked.append(f"  {one.failure} {one.url}"))
        page.goto(stage.url + at)
        if login and not script:
            sign_in(page, stage.person(login))
        return page

    def foreign(url):
        if not url.startswith(stage.url):
            complaints.append(f"asked of another host: {url}")

    def console(text):
        # Chromium itself writes a line for every answer of 400 and above, and when cut off.
        if not re.match("Failed to load resource: .*(status of 4|DISCONNECTED)", text):
            complaints.append(text)

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def seen(page, asked):
    """What a phone shows and what it asked last, for the report of a failed test."""
    try:
        shown = page.locator("body").aria_snapshot(timeout=5_000)
    except Error as error:
        shown = str(error)
    return "\n".join([page.url, *asked, shown])


def sign_in(page, person):
    page.fill("#login", person["login"])
    page.fill("#password", person["password"])
    page.click("main button")
    if person["factor"]:
        page.fill("#code", fresh_code(person["factor"]))
        page.fill("#password", person["password"])
        page.click("main button")


_last_step = {}


def fresh_code(secret):
    """What somebody's authenticator shows; a code is good once, so perhaps the next one."""
    while True:
        now = int(time.time()) // authenticator.STEP_S
        step = max(now, _last_step.get(secret, 0) + 1)  # the last one might run out on its way
        if step <= now + 1:
            _last_step[secret] = step
            return authenticator.code(secret, step)
        time.sleep(1)


@pytest.fixture
def shot(request):
    """Keep a picture of a page if HANMA_SHOTS names a folder."""

    def take(page, name):
        folder = os.environ.get("HANMA_SHOTS")
        if folder:
            page.screenshot(path=f"{folder}/{name}.png", full_page=True)

    return take
