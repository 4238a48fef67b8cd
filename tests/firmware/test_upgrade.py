"""The whole conversation on made-up flash, server and time: what is installed, what is refused."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import slots
from terminal import RELEASE, VERSION
from terminal.trial import Trial
from terminal.upgrade import Upgrade

from tests.release import made

from .bench import Flash
from .virtual_time import run

FILES = made.FILES | {"terminal/big.py": b"# " + bytes(range(32, 127)) * 60, "empty.py": b""}
GOOD = made.package(FILES)
NOW = 1_800_000_000_000


class Server:
    """Gives `package` in pieces of odd sizes; `cuts` = after how many bytes each answer breaks."""

    def __init__(self, package: bytes) -> None:
        self.package = package
        self.cuts: list[int] = []
        self.asked: list[tuple[int, dict[str, str]]] = []
        self.sent = 0
        self.each: Callable[[], None] | None = None
        self._rng = random.Random(5)

    async def get(
        self, url: str, headers: dict[str, str], start: int, sink: Callable[[bytes], None]
    ) -> None:
        assert url == "http://cloud.example/p/1"
        self.asked.append((start, headers))
        left = self.cuts.pop(0) if self.cuts else len(self.package) + 1
        at = start
        while at < len(self.package):
            await asyncio.sleep(0.01)
            piece = self.package[at : at + min(self._rng.randrange(1, 900), left)]
            if self.each:
                self.each()
            sink(piece)
            self.sent += len(piece)
            at += len(piece)
            left -= len(piece)
            if not left:
                raise OSError("link lost")


class Stage:
    def __init__(self, folder: Path, package: bytes = GOOD) -> None:
        self.folder = folder
        self.server = Server(package)
        self.store = Flash({"release_key": made.public()})
        self.reports: list[tuple[int, int, str]] = []
        self.versions: list[str] = []
        self.restarts = 0
        self.idle = True
        self.now = NOW
        self.rescue = False

    def start(self) -> Upgrade:
        self.upgrade = Upgrade(
            self.store,
            f"{self.folder}/",
            VERSION,
            RELEASE,
            "a7670",
            self.server.get,
            self._report,
            self._restart,
            lambda: self.idle,
            lambda: self.now,
            self.rescue,
        )
        self.upgrade.resume()
        return self.upgrade

    def trial(self) -> Trial:
        return Trial(self.store, "9.9.0", self._report, self._restart)

    def _report(self, code: int, progress: int, text: str, version: str) -> None:
        self.reports.append((code, progress, text))
        self.versions.append(version)

    def _restart(self) -> None:
        self.restarts += 1

    def offer(self, **changed: Any) -> None:
        paras = {
            "version": "9.9.0",
            "url": "http://cloud.example/p/1",
            "file_size": len(self.server.package),
            "file_name": "hanma.hmu",
            "sign": hashlib.sha256(self.server.package).hexdigest(),
            "access_token": "token",
            "expires": 86400,
        }
        self.upgrade.offer(paras | changed)

    @property
    def state(self) -> slots.State:
        return slots.read(self.store.get("slots"))

    @property
    def end(self) -> tuple[int, int, str]:
        return self.reports[-1]

    async def until_done(self) -> None:
        while self.upgrade.active and not self.restarts:
            await asyncio.sleep(1)

    def files(self, slot: str) -> dict[str, bytes]:
        root = self.folder / slot
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and path.name != ".head"
        }


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_good_package_is_installed_tried_and_confirmed(stage: Stage) -> None:
    async def script() -> None:
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.restarts == 1
        assert stage.state == slots.FRESH._replace(trial="a", release=9)
        assert stage.files("a") == FILES
        assert all(
            headers == {"Authorization": "Bearer token"} for _, headers in stage.server.asked
        )
        progress = [p for code, p, _ in stage.reports if code == 0]
        assert progress == sorted(progress) and progress[-1] == 99 and len(progress) <= 7
        # the next start
        assert not stage.start().active and stage.trial().on
        await stage.trial().run([("relay", lambda: True)])
        assert stage.state == slots.FRESH._replace(active="a", release=9, floor=9)
        assert stage.end == (0, 100, "confirmed")
        assert set(stage.versions) == {"9.9.0"}
        assert not stage.trial().on and not stage.start().active

    run(script())


def test_what_breaks_off_goes_on_where_it_stopped(stage: Stage) -> None:
    async def script() -> None:
        stage.server.cuts = [3, 200, 700, 1, 2000, 1, 1, 5]
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.restarts == 1
        assert stage.files("a") == FILES
        assert stage.server.sent <= len(GOOD) + 900  # what came beside the head came twice

    run(script())


@pytest.mark.parametrize("pieces", [1, 2, 4, 8, 11])
def test_after_a_power_cut_it_goes_on_at_the_file_it_was_in(stage: Stage, pieces: int) -> None:
    async def script() -> None:
        count = 0

        def cut() -> None:
            nonlocal count
            count += 1
            if count == pieces:
                raise asyncio.CancelledError

        stage.server.each = cut
        stage.start()
        stage.offer()
        await stage.until_done()
        assert not stage.restarts and count == pieces
        stage.server.each = None
        before, sent = len(stage.server.asked), stage.server.sent
        stage.start()
        await stage.until_done()
        assert stage.restarts == 1 and stage.files("a") == FILES
        if sent > 4000:
            assert stage.server.asked[before][0] > 0
        assert stage.server.sent < len(GOOD) * 2

    run(script())


@pytest.mark.parametrize("name", sorted(made.bad_packages()))
def test_a_bad_package_is_refused_and_the_running_slot_is_untouched(
    tmp_path: Path, name: str
) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, made.bad_packages()[name])
        stage.store.put("slots", slots.written(slots.FRESH._replace(active="a", floor=1)))
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "app.py").write_bytes(b"runs")
        stage.start()
        stage.offer()
        await stage.until_done()
        assert (stage.end[0], stage.end[1], stage.restarts) == (7, 0, 0)
        assert stage.files("a") == {"app.py": b"runs"}
        assert stage.state == slots.FRESH._replace(active="a", floor=1)
        assert stage.store.get("offer") == b""
        in_files = name in ("a flipped bit in a file", "a byte too much")
        assert in_files or not (tmp_path / "b").exists()

    run(script())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"hw": "air780e"}, 8),
        ({"release": RELEASE}, 3),
        ({"release": 0}, 3),
        ({"release": 6}, 3),  # below the floor
        ({"min_release": 8}, 8),
        ({"expires": NOW - 1}, 7),
    ],
)
def test_a_well_signed_package_that_does_not_suit_is_refused_before_a_file_is_written(
    tmp_path: Path, changed: dict[str, Any], code: int
) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, made.package(**changed))
        stage.store.put("slots", slots.written(slots.FRESH._replace(floor=7)))
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.end[:2] == (code, 0)
        assert not list(tmp_path.iterdir()) and not stage.restarts

    run(script())


def test_a_terminal_without_a_release_key_takes_nothing(stage: Stage) -> None:
    async def script() -> None:
        del stage.store["release_key"]
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.end == (7, 0, "signature")

    run(script())


def test_the_digest_that_was_offered_must_be_the_packages(stage: Stage) -> None:
    async def script() -> None:
        stage.start()
        stage.offer(sign="0" * 64)
        await stage.until_done()
        assert stage.end == (7, 0, "sign") and not stage.restarts
        stage.offer(sign="0" * 64)
        assert stage.end == (7, 0, "again") and not stage.upgrade.active
        stage.offer(sign="", access_token=None)  # IoTDA's second form has neither
        await stage.until_done()
        assert stage.restarts == 1

    run(script())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": VERSION}, 3),
        ({"url": ["none"]}, 7),
        ({"url": 7}, 7),
        ({"url": "x" * 2000}, 7),
        ({"sign": ["a"]}, 7),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused_at_once(
    stage: Stage, changed: dict[str, Any], code: int
) -> None:
    async def script() -> None:
        stage.start()
        stage.offer(**changed)
        assert stage.end[0] == code
        assert not stage.upgrade.active and not stage.server.asked

    run(script())


def test_while_one_is_under_way_another_is_told_busy_and_the_same_again_is_nothing(
    stage: Stage,
) -> None:
    async def script() -> None:
        stage.start()
        stage.offer()
        stage.offer()
        assert stage.reports == []
        stage.offer(version="9.9.1")
        assert stage.end == (1, 0, "busy")
        await stage.until_done()
        assert stage.restarts == 1
        stage.start()
        stage.offer(version="9.9.2")
        assert stage.end == (1, 0, "busy")  # on trial

    run(script())


def test_an_offer_that_comes_before_the_download_goes_on_does_not_begin_a_second_one(
    stage: Stage,
) -> None:
    async def script() -> None:
        stage.start()
        stage.offer()
        first = stage.upgrade._task
        stage.upgrade.resume()
        assert stage.upgrade._task is first
        await stage.until_done()
        assert stage.restarts == 1 and stage.files("a") == FILES

    run(script())


def test_nothing_is_loaded_or_installed_while_the_relay_is_closed(stage: Stage) -> None:
    async def script() -> None:
        stage.idle = False
        stage.start()
        stage.offer()
        await asyncio.sleep(1000)
        assert stage.server.asked == []
        stage.idle = True
        count = 0

        def weld() -> None:
            nonlocal count
            count += 1
            stage.idle = count != 6

        stage.server.each = weld
        await asyncio.sleep(10)
        assert not stage.restarts
        await asyncio.sleep(1000)
        assert not stage.restarts  # it was closed in the middle
        stage.idle = True
        await stage.until_done()
        assert stage.restarts == 1 and stage.files("a") == FILES

    run(script())


def test_a_trial_that_fails_its_self_test_goes_back_and_tells_so(stage: Stage) -> None:
    async def script() -> None:
        stage.start()
        stage.offer()
        await stage.until_done()
        stage.start()
        await stage.trial().run([("relay", lambda: True), ("journal", lambda: 1 // 0)])
        assert stage.restarts == 2
        assert stage.state == slots.FRESH._replace(release=9, failed=9)
        stage.offer(version="9.9.1")
        assert stage.end == (1, 0, "busy")  # it runs in the slot that would be written to
        stage.start()
        assert stage.end[:2] == (10, 0)
        assert stage.state.failed == 0
        stage.reports.clear()
        stage.start()
        assert stage.reports == []
        asked = len(stage.server.asked)
        stage.offer()  # the cloud, which did not hear it, offers the same once more
        assert stage.end == (10, 0, "again") and len(stage.server.asked) == asked
        stage.offer(access_token="another")  # the office tries again
        stage.restarts = 0
        await stage.until_done()
        assert stage.restarts == 1

    run(script())


def test_a_self_test_takes_a_minute_and_waits_for_five(stage: Stage) -> None:
    async def script() -> None:
        stage.store.put("slots", slots.written(slots.on_trial(slots.FRESH, 9)))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await stage.trial().run([("modem", lambda: True)])
        assert 60 <= loop.time() - begun < 65
        stage.store.put("slots", slots.written(slots.on_trial(slots.FRESH, 9)))
        begun = loop.time()
        late = [("modem", lambda: loop.time() - begun > 200)]
        await stage.trial().run(late)
        assert 200 <= loop.time() - begun < 205
        assert stage.restarts == 0

    run(script())


def test_a_power_cut_just_after_the_confirmation_is_told_at_the_next_start(stage: Stage) -> None:
    async def script() -> None:
        stage.start()
        stage.store["offer"] = b'{"version": "%s", "url": "x"}' % VERSION.encode()
        stage.start()
        assert stage.end == (0, 100, "confirmed")
        assert not stage.upgrade.active

    run(script())


def test_a_server_that_is_away_is_asked_for_an_hour_with_growing_pauses(stage: Stage) -> None:
    async def script() -> None:
        async def get(*_: Any) -> None:
            asked.append(loop.time())
            raise OSError("no network")

        loop, asked = asyncio.get_running_loop(), []
        stage.server.get = get  # type: ignore[method-assign]
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.end[:2] == (6, 0)
        assert len(asked) == 20 and 3600 < asked[-1] - asked[0] < 7200

    run(script())


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (401, 1), (503, 20), (0, 20)])
def test_a_server_that_says_no_for_good_is_not_asked_again(
    stage: Stage, status: int, asked: int
) -> None:
    class HttpError(OSError):
        def __init__(self) -> None:
            super().__init__(f"http {status}")
            self.status = status

    async def get(*_: Any) -> None:
        stage.server.asked.append((0, {}))
        raise HttpError

    async def script() -> None:
        stage.server.get = get  # type: ignore[method-assign]
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.end[:2] == (6, 0)
        assert len(stage.server.asked) == asked

    run(script())


@pytest.mark.parametrize(("times", "code"), [(3, 0), (5, 0), (6, 9)])
def test_memory_that_is_short_for_a_while_ends_nothing(
    stage: Stage, times: int, code: int
) -> None:
    short = 0

    def shortage() -> None:
        nonlocal short
        if stage.server.sent > 1000 and short < times:
            short += 1
            raise MemoryError

    async def script() -> None:
        stage.server.each = shortage
        stage.start()
        stage.offer()
        await stage.until_done()
        assert short == times
        if code:
            assert stage.end[:2] == (code, 0) and not stage.restarts
        else:
            assert stage.restarts == 1 and stage.files("a") == FILES

    run(script())


@pytest.mark.parametrize("code", [5, 10])
def test_a_full_and_a_broken_flash_are_told_apart_from_a_broken_line(
    stage: Stage, code: int
) -> None:
    def fill() -> None:
        (slot / "terminal").mkdir(exist_ok=True)
        (slot / "terminal" / "big.py").symlink_to("/dev/full")

    def damage() -> None:
        (slot / "terminal" / "board").write_bytes(b"")

    def trouble() -> None:
        if (slot / ".head").exists():
            stage.server.each = None
            fill() if code == 5 else damage()

    async def script() -> None:
        stage.server.each = trouble
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.end[:2] == (code, 0)

    slot = stage.folder / "a"
    run(script())


def test_the_rescue_may_install_the_release_that_ran_again_but_no_lower_one(
    tmp_path: Path,
) -> None:
    async def script() -> None:
        for release, code in ((8, 3), (9, None)):
            stage = Stage(tmp_path, made.package(FILES, release=release))
            stage.rescue = True
            stage.store.put(
                "slots", slots.written(slots.FRESH._replace(active="a", bad=5, floor=9))
            )
            stage.start()
            stage.offer()
            await stage.until_done()
            if code:
                assert stage.end[0] == code
            else:
                assert stage.state.trial == "b" and stage.restarts == 1

    run(script())


def test_a_second_upgrade_goes_to_the_other_slot_and_clears_what_was_there(tmp_path: Path) -> None:
    async def script() -> None:
        stage = Stage(tmp_path, made.package(release=10))
        (tmp_path / "b" / "terminal" / "deep").mkdir(parents=True)
        (tmp_path / "b" / "terminal" / "deep" / "old.py").write_bytes(b"old")
        stage.store.put("slots", slots.written(slots.FRESH._replace(active="a", floor=9)))
        stage.start()
        stage.offer()
        await stage.until_done()
        assert stage.state.trial == "b"
        assert stage.files("b") == made.FILES

    run(script())
