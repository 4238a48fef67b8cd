"""Makes the README's pictures from the running product: .venv/bin/python -m tests.browser.pictures

A job is played as in `./run.sh --check`; a phone, the bench and the supervision's page are
photographed while it is on.
"""

import base64
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from simulator.check import FIRE_WATCH, OFFICER, VALID, first_machine, person
from simulator.demo import Demo, free_address
from simulator.job import Machine, prepare, switch_on, wait_state
from tests.browser import chromium

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PHONE = {"width": 390, "height": 800}
BENCH = {"width": 780, "height": 800}
DESK = {"width": 1180, "height": 900}
_SIDE_BY_SIDE = (
    "<body style='margin:0;padding:24px;display:flex;gap:24px;background:#dfe3e8'>"
    "<img style='height:800px;border-radius:28px;box-shadow:0 6px 24px #0004' src='{}'>"
    "<img style='height:800px;border-radius:12px;box-shadow:0 6px 24px #0004' src='{}'>"
)


def main() -> None:
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
        machine = first_machine(stage)
        welder = person(stage, VALID)
        prepare(welder, person(stage, FIRE_WATCH), machine)
        browser = chromium.launch(playwright)
        phone = browser.new_page(viewport=PHONE, locale="zh-CN")
        for name, value in welder.phone.cookies.items():
            phone.context.add_cookies([{"name": name, "value": value, "url": stage.web_url}])
        switch_on(welder, machine)
        wait_state("on", welder, machine, lambda s: s["state"] == "on")
        machine.touch("strike", 120)
        bench = browser.new_page(viewport=BENCH, locale="zh-CN")
        bench.goto(stage.bench_url)
        bench.wait_for_selector(".drawing.burning")
        phone.goto(f"{stage.web_url}{machine.page}")
        phone.wait_for_timeout(1500)
        shots = [_data_url(page.screenshot()) for page in (phone, bench)]
        both = browser.new_page(viewport={"width": 1222, "height": 848})
        both.set_content(_SIDE_BY_SIDE.format(*shots))
        PICTURES.mkdir(exist_ok=True)
        both.screenshot(path=PICTURES / "job.png")
        desk = browser.new_page(viewport=DESK, locale="zh-CN")
        for name, value in person(stage, OFFICER).phone.cookies.items():
            desk.context.add_cookies([{"name": name, "value": value, "url": stage.web_url}])
        Machine(*_second(stage)).touch("lid", True)
        desk.wait_for_timeout(4_000)  # the alarm travels
        desk.goto(stage.web_url)
        desk.wait_for_selector(".leaflet-marker-icon", timeout=60_000)
        desk.screenshot(path=PICTURES / "status.png")
        browser.close()


def _second(stage: Demo) -> tuple[str, str, str]:
    entry = stage.county["machines"][1]
    return entry["code"], entry["device"], stage.bench_url


def _data_url(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


if __name__ == "__main__":
    main()
