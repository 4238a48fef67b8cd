"""Makes the README's pictures from the running product: .venv/bin/python -m tests.browser.pictures

A job is played as in `./run.sh --check`, and every face of it photographed: the welder's phone
beside the bench, the fire watch above and under ground, the technician's record, the supervision's
page, the enterprise and the office. A folder as argument keeps each one by itself as well.
"""

import base64
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from simulator.check import FIRE_WATCH, OFFICER, VALID, first_machine, person
from simulator.demo import Demo, free_address
from simulator.job import Machine, Person, patiently, prepare, switch_on, wait_state
from tests.browser import chromium
from tests.browser.test_technician import sign

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PHONE = {"width": 360, "height": 800}
BENCH = {"width": 780, "height": 800}
DESK = {"width": 1180, "height": 900}
BYTES_MAX = 60_000
_BLUETOOTH = "Object.defineProperty(navigator, 'bluetooth', { value: {} })"
_GAP, _RADIUS = 24, {360: 28}
_BESIDE = (
    "<body style='margin:0;padding:{gap}px;display:flex;gap:{gap}px;background:#dfe3e8'>{images}"
)
_IMAGE = (
    "<img style='height:{height}px;border-radius:{radius}px;box-shadow:0 6px 24px #0004' src='{}'>"
)


class Studio:
    """Who is photographed, and what became of it; `keep` = a folder for the single ones."""

    def __init__(self, stage: Demo, browser: Browser, keep: Path | None) -> None:
        self.stage, self._browser, self._keep = stage, browser, keep

    def opened(self, who: Person | None, path: str, size: dict[str, int]) -> Page:
        """A page as this person sees it."""
        page = self._browser.new_page(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        page.add_init_script(_BLUETOOTH)
        if who is not None:
            for name, value in who.phone.cookies.items():
                cookie = {"name": name, "value": value, "url": self.stage.web_url}
                page.context.add_cookies([cookie])
        page.goto(path if path.startswith("http") else self.stage.web_url + path)
        return page

    def taken(self, page: Page, name: str) -> bytes:
        page.wait_for_load_state("networkidle")
        png = page.screenshot()
        if self._keep:
            (self._keep / f"{name}.png").write_bytes(png)
        return png

    def hang(self, name: str, *pngs: bytes, height: int = 800) -> None:
        """The pictures side by side as one small file of the README."""
        sizes = [Image.open(io.BytesIO(png)).size for png in pngs]
        width = sum(round(w * height / h) for w, h in sizes) + _GAP * (len(pngs) + 1)
        wall = self._browser.new_page(viewport={"width": width, "height": height + 2 * _GAP})
        images = "".join(
            _IMAGE.format(_data_url(png), height=height, radius=_RADIUS.get(w, 12))
            for png, (w, _h) in zip(pngs, sizes, strict=True)
        )
        wall.set_content(_BESIDE.format(gap=_GAP, images=images))
        made = Image.open(io.BytesIO(wall.screenshot())).convert("RGB")
        for quality in range(90, 20, -5):
            made.save(PICTURES / f"{name}.webp", quality=quality, method=6)
            size = (PICTURES / f"{name}.webp").stat().st_size
            if size <= BYTES_MAX:
                print(f"docs/pictures/{name}.webp {made.size} {size} bytes, quality {quality}")
                return
        raise SystemExit(f"{name}: more than {BYTES_MAX} bytes")


def main(keep: Path | None = None) -> None:
    with (
        tempfile.TemporaryDirectory() as data,
        Demo(
            data=Path(data),
            web=free_address(),
            mqtt=free_address(),
            bench=free_address(),
            kind="micropython",
        ) as stage,
        sync_playwright() as playwright,
    ):
        expect.set_options(timeout=60_000)
        studio = Studio(stage, chromium.launch(playwright), keep)
        _photograph(studio, first_machine(stage))


def _photograph(studio: Studio, machine: Machine) -> None:
    stage = studio.stage
    welder, watch = person(stage, VALID), person(stage, FIRE_WATCH)
    prepare(welder, watch, machine)
    ready = studio.taken(studio.opened(welder, machine.page, PHONE), "welder-on")
    below = studio.taken(_underground(studio, watch, machine), "fire-watch-underground")
    switch_on(welder, machine)
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    machine.touch("strike", 120)
    bench = studio.opened(None, stage.bench_url, BENCH)
    bench.wait_for_selector(".drawing.burning")
    working = studio.taken(studio.opened(welder, machine.page, PHONE), "welder-working")
    studio.hang("job", working, studio.taken(bench, "bench"))
    above = studio.taken(studio.opened(watch, machine.page, PHONE), "fire-watch")
    record = studio.taken(_record(studio, person(stage, "tech1")), "technician")
    studio.hang("phones", ready, above, below, record, height=720)
    Machine(*_second(stage)).touch("lid", True)
    officer = person(stage, OFFICER)
    for _ in patiently("alarm", "the alarm did not come"):
        told = officer.phone.request("GET", "/status.json").json()["alarms"]
        if any(one["kind"] == "TAMPER" for one in told):
            break
    desk = studio.opened(officer, "/", DESK)
    desk.wait_for_selector(".leaflet-marker-icon", timeout=60_000)
    studio.hang("status", studio.taken(desk, "status"), height=760)
    firm = studio.taken(studio.opened(person(stage, "firm1"), "/enterprise", DESK), "enterprise")
    office = studio.taken(studio.opened(person(stage, "office1"), "/office", DESK), "office")
    studio.hang("desks", firm, office, height=560)


def _underground(studio: Studio, watch: Person, machine: Machine) -> Page:
    """The fire watch has come along and shows the welder the code."""
    page = studio.opened(watch, machine.page, PHONE)
    page.get_by_text("终端没有信号").click()
    page.get_by_role("button", name="一起下井", exact=True).click()
    expect(page.locator(".watching > li")).to_have_count(1)
    page.locator(".watching summary").click()
    page.locator(".watching h2").evaluate(
        "one => scrollBy(0, one.getBoundingClientRect().top - 16)"
    )
    return page


def _record(studio: Studio, technician: Person) -> Page:
    """An installation at its first step, with the owner's signature."""
    bare = studio.stage.county["machines"][-1]["code"]
    page = studio.opened(technician, f"/technician/m/{bare}", PHONE)
    page.get_by_role("button", name="安装记录", exact=True).click()
    page.get_by_label("业主已阅读并同意").check()
    page.fill("#name", "演示业主")
    sign(page)
    page.locator("#name").evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 330)")
    return page


def _second(stage: Demo) -> tuple[str, str, str]:
    entry = stage.county["machines"][1]
    return entry["code"], entry["device"], stage.bench_url


def _data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
