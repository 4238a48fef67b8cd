"""What people do with their phones, as in the scenes of the browser tests."""

from functools import cache

from babel.messages.pofile import read_po
from playwright.sync_api import expect

from cloud.web.language import ENGLISH
from cloud.work.rules import SAYINGS
from simulator.phone import fresh_picture
from tests.browser.axe import look
from tests.browser.fitting import misfits

# Until the phone keeps our files. Not `wait_for_function`: after its first look that evaluates a
# string in the page, which the page's policy forbids.
KEPT = """new Promise((done) => {
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener("controllerchange", () => done(true));
  if (serviceWorker.controller) done(true);
})"""


@cache
def _english():
    with ENGLISH.open(encoding="utf-8") as file:
        pages = {one.id: one.string for one in read_po(file)}
    return {one.zh: one.en for both in SAYINGS.values() for one in both} | pages


def said(page, words, **values):
    """These words of a page or of a refusal in the language that this phone speaks."""
    told = _english()[words] if getattr(page, "lang", "zh") == "en" else words
    return told % values if values else told


def heading(page, words):
    """The page says so, and axe finds nothing on it."""
    expect(page.locator("h1")).to_have_text(said(page, words))
    look(page)


def reads(page, words):
    """A page of a main path: its heading, and it fits who reads it."""
    heading(page, words)
    assert misfits(page) == [], page.url


def press(page, words):
    page.get_by_role("button", name=said(page, words), exact=True).click()


def tick_everything(page):
    for box in page.locator("input[type=checkbox]").all():
        box.check()


def take_picture(page, script=True):
    """What the camera gives goes up by itself; without script by a press."""
    shot = {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": fresh_picture()}
    page.set_input_files("#file", shot)
    if not script:
        press(page, "上传照片")
    expect(page.locator("#picture-go")).to_have_text(said(page, "再加一张"))


def hear(page, terminal, before):
    """The code that the machine speaks next, after `before` spoken ones."""
    while len(terminal.spoken) == before:
        page.wait_for_timeout(20)
    return terminal.spoken_code()


def type_pin(page, stage, login):
    """The PIN of this person of the demo county, where the page asks for one."""
    expect(page.locator("#pin")).to_be_visible()
    page.fill("#pin", stage.person(login)["pin"])


def prove(page, terminal, done, script=True, pin=""):
    """Take a picture, tick the list, let the machine speak, type what it said, confirm."""
    take_picture(page, script)
    before = len(terminal.spoken)
    tick_everything(page)
    press(page, "请焊机报码")
    expect(page.locator("#spoken [data-until]")).to_be_visible()
    page.fill("#code", hear(page, terminal, before))
    if pin:
        page.fill("#pin", pin)
    press(page, done)


def apply_here(page):
    heading(page, "申请作业")
    page.fill("#site", "演示一号车间东侧")
    page.fill("#work", "焊接管道支架")
    press(page, "申请作业")
    heading(page, "检查现场")


def watched(stage, phone, machine=0, **welders):
    """Two phones at the point where the welder may press ON: (welder, fire watch, terminal)."""
    code, terminal = stage.machine(machine)
    welder = phone("welder1", f"/m/{code}", **welders)
    apply_here(welder)
    prove(welder, terminal, "确认，下一步", welders.get("script", True))
    heading(welder, "等监护人到现场核验")
    watch = phone("watch1", f"/m/{code}")
    heading(watch, "核验现场")
    prove(watch, terminal, "确认现场安全", pin=stage.person("watch1")["pin"])
    heading(watch, "核验完成，等焊工开机")
    heading(welder, "可以开机")
    type_pin(welder, stage, "welder1")
    return welder, watch, terminal
