"""What the measurements of a whole cloud share: a seeded county, `hanma serve`, waiting."""

import asyncio
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.request import urlopen

from sqlalchemy import select

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench import county, machine, mosquitto, postgresql
from cloud.link.terminals import Terminal

CONNECTED_S = 180
_LOOK_S = 0.2
_START_S = 60
_PARTS = ("web", "ingest", "housekeeping")


class NotReady(Exception):
    """The fleet or the cloud did not get so far in time."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def printed(
    name: str, folder: Path | None, measured: Callable[[Path], Coroutine[Any, Any, dict[str, Any]]]
) -> int:
    """One JSON object on stdout: what was measured in a folder of its own; 0 if it is `ok`."""
    with tempfile.TemporaryDirectory(prefix=f"hanma-{name}-", dir=folder) as data:
        try:
            result = asyncio.run(measured(Path(data)))
        except (mosquitto.NoMosquitto, postgresql.NoPostgresql, NotReady) as error:
            result = {"ok": False, "why": str(error)}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def ground_at(data: Path, database: str = "") -> Ground:
    """The ground of this folder, beside the process that works on it; to be closed."""
    settings = Settings(data_dir=data, database=database, argon2_kib=8, argon2_rounds=1)
    return Ground.open(settings)


def seeded(
    data: Path, size: county.Size, seed: str, places_wanted: int = 0, database: str = ""
) -> tuple[dict[str, bytes], list[county.Place]]:
    """A county in a new database: the secrets of its terminals, and so many places."""
    ground = ground_at(data, database)
    migrate(ground.engine)
    places = county.seed(ground, size, seed, places_wanted, say)
    ground.close()
    names = map(county.device_of, range(size.machines))
    return {device: county.secret_of(seed, device) for device in names}, places


@contextmanager
def cloud(
    data: Path, brokers: str, more: dict[str, str] | None = None
) -> Iterator[tuple[Popen[bytes], int]]:
    """(process, web port) of `hanma serve` on the county's data, when it listens. more: of its
    environment."""
    port = mosquitto.free_port()
    words, told = machine.python("cloud", "serve"), _environment(data, brokers, port)
    told |= more or {}
    with machine.running(words, told, data / "cloud.log") as process:
        wait(process, data / "cloud.log", lambda: _listens(port))
        yield process, port


@contextmanager
def whole(
    data: Path, brokers: str, database: str = ""
) -> Iterator[tuple[dict[str, list[int]], int]]:
    """(its one process by name, web port) of `cloud`."""
    more = {"HANMA_DATABASE": database} if database else {}
    with cloud(data, brokers, more) as (process, port):
        yield {"cloud": [process.pid]}, port


@contextmanager
def apart(
    data: Path, brokers: str, database: str = ""
) -> Iterator[tuple[dict[str, list[int]], int]]:
    """(processes by name, web port) of the same cloud as processes of its own: pages, what
    terminals say, and housekeeping."""
    port = mosquitto.free_port()
    told = _environment(data, brokers, port, database)
    with ExitStack() as stack:
        started = {}
        for name in _PARTS:
            words = machine.python("cloud", name)
            log = data / f"{name}.log"
            started[name] = stack.enter_context(machine.running(words, told, log))
        wait(started["web"], data / "web.log", lambda: _answers(port))
        for name in _PARTS[1:]:
            log = data / f"{name}.log"
            wait(started[name], log, lambda log=log: "working" in log.read_text("utf-8"))
        yield {name: machine.family(one.pid) for name, one in started.items()}, port


def wait(process: Popen[bytes], log: Path, ready: Callable[[], bool]) -> None:
    """Until a program that was started is; NotReady holds the end of its log."""
    began = time.monotonic()
    while not ready():
        if process.poll() is not None or time.monotonic() > began + _START_S:
            raise NotReady(log.read_text("utf-8")[-2000:])
        time.sleep(_LOOK_S)


def _environment(data: Path, brokers: str, port: int, database: str = "") -> dict[str, str]:
    """On the county's data beside it, whatever database this program itself was told."""
    return {
        "HANMA_DATA": str(data),
        "HANMA_DATABASE": database or Settings(data_dir=data).database,
        "HANMA_BROKER": brokers,
        "HANMA_LISTEN": f"127.0.0.1:{port}",
    }


def _answers(port: int) -> bool:
    """Whether somebody works behind the port: it is open before they are ready."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=_START_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def behind(ground: Ground, said: dict[str, tuple[str, int]]) -> int:
    """How many terminals' heartbeat {device: (epoch, up)}, or a later one, is not known."""
    with ground.read() as unit:
        rows = select(Terminal.device, Terminal.epoch, Terminal.beat_up)
        known = {device: (epoch, up) for device, epoch, up in unit.db.execute(rows)}
    return sum(
        known[device][0] != epoch or known[device][1] < up for device, (epoch, up) in said.items()
    )


async def until(done: Callable[[], bool], seconds: float, what: str) -> float:
    """The seconds it took; NotReady says `what` did not come."""
    began = time.monotonic()
    while not done():
        if time.monotonic() > began + seconds:
            raise NotReady(f"{what}: not after {seconds:.0f} s")
        await asyncio.sleep(_LOOK_S)
    return time.monotonic() - began
