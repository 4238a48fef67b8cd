"""The cloud as processes of their own, on PostgreSQL and Mosquitto: each may be killed."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from cloud import processes
from cloud.app import wsgi
from cloud.base import logs
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench.mosquitto import free_port
from cloud.book.outbox import Event
from cloud.cli import main
from cloud.link import journal, terminals
from tests import databases, mosquitto
from tests.cloud.paper_terminal import PATIENCE_S, PaperTerminal

DEVICE, SECRET = "HM-990101-000001", b"p" * 32
ONE = {"web": ("--workers", "1")}
WORDS = ("web", "ingest", "ingest", "housekeeping", "housekeeping")


class Province:
    """The processes, by name and number: `ingest`, `ingest 1`, …"""

    def __init__(self, environment: dict[str, str], folder: Path, stack: ExitStack) -> None:
        self.environment, self.folder, self.stack = environment, folder, stack
        self.running: dict[str, subprocess.Popen] = {}

    def start(self, word: str, name: str, *more: str) -> None:
        words = [sys.executable, "-m", "cloud", word, *more, "--verbose"]
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(
                words, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        self.stack.callback(gone, process)
        self.running[name] = process

    def kill(self, name: str) -> None:
        gone(self.running.pop(name))


def gone(process: subprocess.Popen) -> None:
    """kill -9, the workers of a web process too."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def province(tmp_path: Path) -> Iterator[tuple[Province, Ground, int, str]]:
    database = databases.server().bare()
    listen = f"127.0.0.1:{free_port()}"
    with mosquitto.running(tmp_path) as (host, port), ExitStack() as stack:
        environment = os.environ | {
            "HANMA_DATA": str(tmp_path),
            "HANMA_DATABASE": database,
            "HANMA_BROKER": f"mqtt://{host}:{port}",
            "HANMA_LISTEN": listen,
        }
        ground = Ground.open(Settings(data_dir=tmp_path, database=database))
        stack.callback(ground.close)
        migrate(ground.engine)
        with ground.write() as unit:
            terminals.provision(unit, DEVICE, secret=SECRET)
        made = Province(environment, tmp_path, stack)
        for number, word in enumerate(WORDS):
            made.start(word, f"{word} {number}", *ONE.get(word, ()))
        yield made, ground, port, f"http://{listen}/login"


@pytest.mark.slow
def test_each_may_be_killed_and_nothing_that_was_acknowledged_is_lost(
    province: tuple[Province, Ground, int, str],
) -> None:
    cloud, ground, port, page = province
    wait_for(lambda: answers(page))
    one = PaperTerminal(DEVICE, SECRET)
    one.connect("127.0.0.1", port)
    for seq in range(1, 31):
        one.journal("aaaa", seq)
        if seq == 8:
            cloud.kill("ingest 1")
        if seq == 16:
            cloud.kill("housekeeping 3")
            cloud.kill("web 0")
    one.leave()
    with ground.read() as unit:
        kept = [row.seq for row in journal.entries(unit, DEVICE, "aaaa")]
    assert kept == list(range(1, 31))

    def delivered() -> bool:
        with ground.read() as unit:
            return unit.db.query(Event).filter(Event.done_at.is_(None)).count() == 0

    wait_for(delivered)
    cloud.start("web", "web 5", *ONE["web"])
    wait_for(lambda: answers(page))
    for process in cloud.running.values():
        process.terminate()
    assert [process.wait(PATIENCE_S) for process in cloud.running.values()] == [0, 0, 0]


@pytest.mark.parametrize("word", ["web", "ingest", "housekeeping"])
def test_without_a_broker_outside_each_says_so(word: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [word], env={"HANMA_DATA": str(tmp_path)})
    assert done.exit_code == 1 and "HANMA_BROKER" in done.output


@pytest.mark.parametrize("word", ["serve", "web", "ingest", "housekeeping"])
def test_without_rules_none_starts_and_the_profiles_are_named(word: str, tmp_path: Path) -> None:
    given = {"HANMA_DATA": str(tmp_path), "HANMA_PROFILE": "wuyl"}
    given |= {"HANMA_BROKER": "mqtt://127.0.0.1:1", "HANMA_LISTEN": "127.0.0.1:0"}
    done = CliRunner().invoke(main, [word], env=given)
    assert done.exit_code == 1, done.output
    assert "HANMA_PROFILE" in done.output and "'wuyl': there are chongqing" in done.output


def test_what_gunicorn_says_goes_the_way_of_all_log_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gunicorn.config import Config

    monkeypatch.setattr(logging.getLogger("gunicorn.error"), "propagate", False)
    config = Config()
    for name, value in processes._gunicorn(Settings(data_dir=tmp_path), 2, 4).items():
        config.set(name, value)
    config.logger_class(config).critical("WORKER TIMEOUT (pid:%s)", 1)
    (record,) = caplog.records
    told = json.loads(logs.Json().format(record))
    assert (told["logger"], told["message"]) == ("gunicorn.error", "WORKER TIMEOUT (pid:1)")


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.1"), (1, "203.0.113.9")])
def test_only_the_proxies_that_are_set_are_believed_about_the_callers_address(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, proxies: int, address: str
) -> None:
    seen = []

    def pages(environ: dict[str, str], start: Callable[..., object]) -> list[bytes]:
        seen.append(environ["REMOTE_ADDR"])
        start("200 OK", [])
        return [b""]

    monkeypatch.setattr("cloud.app.create_app", lambda _ground: pages)
    ground.settings = replace(ground.settings, proxies=proxies)
    told = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9"}
    Client(wsgi(ground)).get("/", environ_overrides=told)
    assert seen == [address]
