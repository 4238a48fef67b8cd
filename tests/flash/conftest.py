"""A bench for the tests: a cloud that enrols, an image of nothing, modules in virtual boards."""

import contextlib
import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.link import enrolment
from cloud.web import create_app
from flash import selftest, steps
from flash.bench import Module, StepFailed, Wanted
from release import keys
from simulator.cable import made_up
from simulator.cable.flashchip import Kind
from tests.cloud.conftest import County, HandClock
from tests.simulator.on_the_bench import Bench, on_the_bench


@dataclass
class Shop:
    """The cloud and the image; `flashing` is one run of all steps on one board."""

    address: str
    county: County
    wanted: Wanted
    folder: Path
    said: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # what was said when `flashed` was made

    def code(self, times: int = 1, hours: int = 8) -> str:
        technician = self.county.person("technician")
        return str(self.county.do(enrolment.make, technician.id, times, hours)[1])

    def run(
        self,
        port: str,
        ask: Callable[[str], bool] = lambda question: True,
        hand: Callable[[str], None] = lambda said: None,
        **given: Any,
    ) -> dict[str, Any]:
        """The record of one run. hand: what somebody does when this is said."""
        self.said.clear()
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        wanted = replace(self.wanted, port=port, **({"code": self.code()} | given))

        def say(text: str) -> None:
            self.said.append(text)
            hand(text)

        module = Module(wanted, say, ask, work)
        assert steps.flash(module) == bool(module.record["ok"])
        return module.record

    def tested(self, port: str, **given: Any) -> str:
        """Why the self-test alone fails on a module that went through the other steps."""
        self.said.clear()
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        wanted = replace(self.wanted, port=port, **given)
        module = Module(wanted, self.said.append, lambda question: True, work, port)
        module.record["device"] = "HMA4CF120000F1"
        try:
            selftest.run(module)
        except StepFailed as failed:
            self.said += [failed.wrong, failed.remedy]
            return failed.word
        return ""

    @contextlib.contextmanager
    def board(self, name: str, like: Path | None = None, **given: Any) -> Iterator[Bench]:
        """A board of that name; like: the folder of another whose state it begins with, less the
        file that starts the application: the cable was pulled just before it."""
        folder = self.folder / "boards" / name
        if like:
            shutil.copytree(like, folder, ignore=shutil.ignore_patterns("port", "main.py"))
        with on_the_bench(folder, **given) as bench:
            yield bench


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    settings = Settings(data_dir=folder / "data", release_key="", hotline="000-7654321")
    settings.data_dir.mkdir()
    ground = Ground.open(settings, HandClock())
    migrate(ground.engine)
    server = make_server("127.0.0.1", 0, create_app(ground), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    image = folder / "image.bin"
    image.write_bytes(made_up.image())
    address = f"http://127.0.0.1:{server.server_port}"
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    wanted = Wanted(image=image, image_sha256=digest, cloud=address, virtual=True)
    try:
        yield Shop(address, County(ground, ground.clock), wanted, folder)  # type: ignore[arg-type]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        ground.close()


@pytest.fixture(scope="module")
def flashed(shop: Shop) -> Path:
    """The folder of a board that went through all steps."""
    ca, key = shop.folder / "ca.pem", keys.create(shop.folder / "release")
    ca.write_text("-----BEGIN CERTIFICATE-----")
    given = {"ca": ca, "release_key": key, "labels": shop.folder / "labels"}
    with shop.board("flashed", kind=Kind(mac="a4cf120000f1")) as bench:
        record = shop.run(str(bench.board.link), **given)
        assert record["ok"], "\n".join(shop.said)
        shop.made += shop.said
    return shop.folder / "boards" / "flashed"
