"""What begins, what is dropped again, and when a start counts as good."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import slots
from terminal import VERSION
from terminal.releases import Releases

from tests.release import made

from .bench import Flash
from .test_upgrade import Server
from .virtual_time import now_ms, run

PARTS = {f"terminal.{name}" for name in ("upgrade", "package", "slot", "trial", "ecdsa")}


class Boots:
    def __init__(self, store: Flash) -> None:
        self._store = store
        self.on_trial = bool(slots.read(store.get("slots")).trial)
        self.good_ms: list[int] = []

    def good(self) -> None:
        self.good_ms.append(now_ms())

    def pending(self) -> bool:
        state = slots.read(self._store.get("slots"))
        return bool(state.trial or state.failed or self._store.get("offer", 1024))


class Stage:
    def __init__(
        self, folder: Path, state: slots.State = slots.FRESH, iotda: bool = False
    ) -> None:
        self.folder = f"{folder}/"
        self.store = Flash({"release_key": made.public(), "slots": slots.written(state)})
        self.boots = Boots(self.store)
        self.server = Server(made.package())
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.outcomes: list[tuple[int, str, str]] = []
        self.restarts = 0
        self.on_line = asyncio.Event()
        self.begun_ms = now_ms()
        self.releases = Releases(
            self,
            "a7670",
            self.server.get,
            lambda kind, paras: self.said.append((kind, paras)),
            lambda *outcome: self.outcomes.append(outcome),
            self._restart,
            lambda: True,
            lambda: 0,
            iotda,
        )
        self.task = asyncio.create_task(self.releases.run(self.on_line, [("relay", lambda: True)]))

    def _restart(self) -> None:
        self.restarts += 1

    def offer(self, **changed: Any) -> None:
        paras = {"version": "9.9.0", "url": "http://cloud.example/p/1", "access_token": "t"}
        self.releases.told("firmware_upgrade", paras | changed)

    @property
    def state(self) -> slots.State:
        return slots.read(self.store.get("slots"))


@pytest.fixture(autouse=True)
def nothing_loaded() -> Any:
    """As on a board that has just started; other tests keep what they had loaded."""
    kept = {name: sys.modules.pop(name) for name in PARTS if name in sys.modules}
    for name in kept:
        delattr(sys.modules["terminal"], name.rpartition(".")[2])
    yield
    sys.modules.update(kept)
    for name, module in kept.items():
        setattr(sys.modules["terminal"], name.rpartition(".")[2], module)


def loaded() -> set[str]:
    return PARTS & set(sys.modules)


def test_the_version_is_told_without_loading_anything(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path)
        stage.releases.told("version_query", {})
        stage.releases.told("something_new", {})
        assert stage.said == [("version_report", {"fw_version": VERSION, "sw_version": VERSION})]
        assert not loaded()

    run(script())


def test_an_ordinary_start_is_good_after_a_minute(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path)
        stage.on_line.set()
        await asyncio.sleep(300)
        (good_ms,) = stage.boots.good_ms
        assert 59_000 < good_ms - stage.begun_ms < 61_000
        assert not loaded() and not stage.task.done()

    run(script())


def test_an_offer_is_worked_on_and_told_by_the_version_that_was_offered(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path)
        stage.on_line.set()
        await asyncio.sleep(100)
        stage.offer()
        await asyncio.sleep(60)
        assert stage.restarts == 1 and stage.state.trial == "a"
        kinds = {kind for kind, _ in stage.said}
        assert kinds == {"upgrade_progress_report"}
        assert {paras["version"] for _, paras in stage.said} == {"9.9.0"}
        assert stage.outcomes == []

    run(script())


def test_to_iotda_the_version_that_runs_is_told_until_the_offered_one_does(
    tmp_path: Path,
) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, iotda=True)
        stage.on_line.set()
        await asyncio.sleep(100)
        stage.offer()
        await asyncio.sleep(60)
        assert stage.restarts == 1 and stage.said
        assert {paras["version"] for _, paras in stage.said} == {VERSION}

    run(script())


def test_what_is_refused_to_iotda_is_told_by_it_and_noted_by_the_one_offered(
    tmp_path: Path,
) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, iotda=True)
        stage.server.package = made.package(hw="other")
        stage.on_line.set()
        await asyncio.sleep(100)
        stage.offer()
        await asyncio.sleep(60)
        assert stage.said[-1][1]["version"] == VERSION
        assert stage.outcomes == [(8, "9.9.0", "hardware")]

    run(script())


def test_what_is_refused_is_told_and_all_that_was_loaded_for_it_is_dropped(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path)
        stage.server.package = made.package(hw="other")
        stage.on_line.set()
        await asyncio.sleep(100)
        for token in ("t", "u"):
            stage.offer(access_token=token)
            assert loaded()
            await asyncio.sleep(60)
            assert not loaded()
        assert stage.outcomes == [(8, "9.9.0", "hardware")] * 2
        assert stage.said[-1][1] == {
            "result_code": 8, "progress": 0, "version": "9.9.0", "description": "hardware",
        }  # fmt: skip
        assert stage.restarts == 0 and not stage.task.done()

    run(script())


def test_a_trial_is_confirmed_off_line(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, slots.on_trial(slots.FRESH, 9))
        await asyncio.sleep(100)
        assert stage.state.active == "a" and stage.state.floor == 9
        assert stage.outcomes == [(0, VERSION, "confirmed")]
        await asyncio.sleep(100)
        stage.on_line.set()
        await asyncio.sleep(10)
        assert not loaded() and not stage.task.done() and stage.restarts == 0

    run(script())


def test_a_trial_that_failed_is_told_when_the_cloud_can_hear_it(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, slots.given_up(slots.on_trial(slots.FRESH, 9)))
        stage.store.put("offer", b'{"version": "9.9.0", "url": "x"}')
        await asyncio.sleep(1000)
        assert stage.outcomes == []
        stage.on_line.set()
        await asyncio.sleep(10)
        assert stage.outcomes == [(10, "9.9.0", "trial of 9")]
        assert stage.state.failed == 0 and not loaded()

    run(script())
