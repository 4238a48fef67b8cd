"""What the real firmware tells reaches the cloud's rooms: policy, journal, alarms, upgrades."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cases import alarms
from cloud.link import journal, policies, positions
from simulator.check import FIRE_WATCH, VALID, person
from simulator.demo import Demo
from simulator.job import Machine, patiently, prepare, switch_off, switch_on, wait_state
from tests import databases
from tests.e2e.conftest import hanma

pytestmark = pytest.mark.slow
OFFICER = "officer1"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "package.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def data(stage: Demo) -> Path:
    return Path(stage.data)


@pytest.fixture
def rooms(data: Path) -> Iterator[Ground]:
    """A second look at the cloud's database, beside the running cloud."""
    ground = Ground.open(Settings(data_dir=data))
    yield ground
    ground.close()


@pytest.fixture
def machine(stage: Demo) -> Machine:
    entry = stage.county["machines"][0]
    return Machine(entry["code"], entry["device"], stage.bench_url)


def until(what: str, wanted: Callable[[], Any]) -> Any:
    for _ in patiently(what, "it never came"):
        found = wanted()
        if found:
            return found
    raise AssertionError


def asked(rooms: Ground, call: Callable[..., Any], *args: Any) -> Any:
    with rooms.read() as unit:
        return call(unit, *args)


def test_a_terminal_takes_over_its_policy_and_says_so(rooms: Ground, machine: Machine) -> None:
    row = until("policy", lambda: asked(rooms, policies.get, machine.device))
    until("acknowledged", lambda: asked(rooms, policies.get, machine.device).acked == row.version)


def test_a_position_comes_after_the_start(rooms: Ground, machine: Machine) -> None:
    one = until("position", lambda: asked(rooms, positions.latest, machine.device))
    assert one.source == "lbs"
    assert one.accuracy_m


def test_a_job_stands_in_the_journal_without_a_hole(
    stage: Demo, rooms: Ground, machine: Machine
) -> None:
    welder, fire_watch = person(stage, VALID), person(stage, FIRE_WATCH)
    prepare(welder, fire_watch, machine)
    switch_on(welder, machine)
    job = wait_state("on", welder, machine, lambda s: s["state"] == "on")["job"]
    switch_off(welder, machine)

    def kinds() -> list[str]:
        with rooms.read() as unit:  # at one moment: it may grow meanwhile
            (log,) = journal.logs(unit, machine.device)
            entries = journal.entries(unit, machine.device, log.log)
        assert [one.seq for one in entries] == list(range(1, len(entries) + 1))
        assert log.to == len(entries)
        assert log.spans["above"] == []
        return [one.kind for one in entries if one.job == job and one.at]

    until("journal", lambda: kinds() == ["on", "off"])


def test_an_open_lid_is_an_alarm_until_it_is_shut(
    stage: Demo, rooms: Ground, machine: Machine
) -> None:
    officer = person(stage, OFFICER)

    def is_open() -> bool:
        found = asked(rooms, alarms.latest, machine.device, "TAMPER")
        return found is not None and found.closed_at is None

    assert not is_open()
    machine.touch("lid", True)
    until("raised", is_open)
    assert "终端外壳被打开" in officer.phone.request("GET", "/alarms").body
    machine.touch("lid", False)
    until("closed", lambda: not is_open())


def test_an_upgrade_that_nobody_vouches_for_is_refused_and_the_terminal_goes_on(
    stage: Demo, data: Path, machine: Machine, tmp_path: Path
) -> None:
    package = tmp_path / "new.hmu"
    package.write_bytes(base64.b64decode(VECTORS["good"]["package"]))
    cloud = databases.told(data) | {"HANMA_BASE_URL": stage.web_url}
    assert hanma("upgrade", "add", str(package), **cloud).returncode == 0
    assert hanma("upgrade", "start", machine.device, **cloud).returncode == 0

    def state() -> dict[str, Any]:
        listed = hanma("upgrade", "list", machine.device, **cloud).stdout
        return dict(json.loads(listed.splitlines()[0]))

    until("told", lambda: time.sleep(1) or state()["state"] in ("failed", "done"))
    told = state()
    assert (told["state"], told["code"], told["words"]) == ("failed", 7, "signature")
    assert machine.look()["on_line"]
