"""A technician's function test on the real firmware: it switches, it measures, it opens again."""

import time
from urllib.parse import urlsplit

import pytest

from simulator.check import person
from simulator.demo import Demo
from simulator.job import Machine, expect, patiently
from simulator.phone import fresh_picture

pytestmark = pytest.mark.slow


def test_a_repair_is_tested_on_the_real_firmware_and_becomes_a_document(stage: Demo) -> None:
    entry = stage.county["machines"][0]
    machine = Machine(entry["code"], entry["device"], stage.bench_url)
    phone = person(stage, "tech1").phone
    at = f"/technician/m/{machine.code}"
    phone.open(at)
    record = urlsplit(phone.press(f"{at}/begin", kind="repair").headers["location"]).path

    def state() -> dict:
        return expect("record", phone.request("GET", f"{record}/state"))

    def step(act: str, /, **fields: str) -> None:
        phone.open(record)
        expect(act, phone.press(f"{record}/{act}", **fields))

    step("work", done="换触点", parts="")
    phone.open(record)
    expect("picture", phone.show(f"{record}/picture", "picture", fresh_picture()))
    since_ns = time.monotonic_ns()
    step("test")
    machine.relay_moved(1, since_ns)
    machine.touch("strike", 120)
    for _ in patiently("test", "no current was told"):
        if state()["test"]["measured"]:
            break
    step("test/off")
    for _ in patiently("test", "OFF was not confirmed"):
        if state()["test"]["state"] == "passed":
            break
    assert 90 <= state()["test"]["amps"] <= 150
    step("acceptance", name="演示业主")
    assert state()["finished"] and state()["left"] == []
    assert "record.pdf" in phone.open(record)
