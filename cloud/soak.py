"""`hanma soak`: a month of one terminal in made-up time; the real firmware and the real cloud.

The firmware runs on MicroPython in lock step with the simulated world (simulator/virtual.py); the
cloud's rooms, broker and web work in the same loop on the same clock (cloud/inloop.py), its
database is SQLite in a folder of memory where the computer has one. What the air carries is
counted in the simulated modem as the operator would, TLS included, although the bytes themselves
go bare. The jobs are the link's own: switch commands for jobs that no welder opened, so the room
of work, which would end them, does not listen. Housekeeping runs every hour, in upgrades every
minute, instead of every second; the rounds of rooms that no terminal speaks to once a day.
"""

import asyncio
import contextlib
import gc
import itertools
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.app import ROUNDS
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.cases import from_terminals
from cloud.inloop import InLoopCloud
from cloud.link import commands, journal, packages, policies, terminals, upgrades
from cloud.link.commands import TerminalDark
from cloud.work import jobs, terminal_policy
from release import keys, package, tree
from simulator import solo, virtual
from simulator.interpreter import HEAP_KB
from simulator.month import HOUR_S, Month, journal_of
from simulator.terminal import Provision, SimulatedTerminal
from simulator.virtual import Clock
from simulator.world.network import Network

DEVICE = "HM-990101-0001"
HOST, MQTT, WEB = "10.0.0.1", 1883, 8080
MB_PER_30_DAYS = 10.0
REAL_S = 120  # for a month; the command judges it, not `run`: tests share the computer
_BEATS_A_DAY = 20_000 / 30
_FAIR_DAYS = 20
_FLAT_KB = 4
_TROUBLES = ("outages", "sims", "broker_restarts", "power_cuts")  # a month has each
_LOOK_S = 4 * HOUR_S
_HALF_A_DAY = 12 * HOUR_S // _LOOK_S  # in readings
_TICKS = 1 << 30
_BEFORE_WRAP_MS = 36 * HOUR_S * 1000  # of every start: so they wrap soon
_FIRST_US = 86_400_000_000  # the first day fills what is filled once
_MEMORY = Path("/dev/shm")
_OF_TERMINALS = ("cloud.link.", "cloud.cases.observed")  # the others' rounds come once a day


class Platform:
    """The month's port to the cloud."""

    def __init__(self, cloud: InLoopCloud, key: ec.EllipticCurvePrivateKey, hw: str) -> None:
        self._cloud, self._key, self._hw = cloud, key, hw
        self._tasks: set[asyncio.Task[None]] = set()
        self.dark = 0
        sources = tree.sources(tree.FIRMWARE)
        self._release, self._version = tree.about(sources)
        # once: it takes a second
        packed = tree.packed({path: text.decode() for path, text in sources.items()})
        self._packed = {path: text.encode() for path, text in packed.items()}

    def order(self, on: bool, job: str) -> None:
        content: dict[str, Any] = {"job": job}
        content |= {"lease_s": 5 * HOUR_S} if on else {"reason": "welder"}
        try:
            with self._cloud.ground.write() as unit:
                commands.issue(unit, DEVICE, "switch", code=str(int(on)), content=content)
        except TerminalDark:
            self.dark += 1

    def broker(self, up: bool) -> None:
        if up:
            self._cloud.broker_up()
        else:
            task = asyncio.get_running_loop().create_task(self._cloud.broker_down())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def upgrade(self, number: int) -> None:
        release, version = self._release + number + 1, f"{self._version}-soak{number + 1}"
        named = tree.named(self._packed, release, version)
        files = tree.bytecode({path: text.decode() for path, text in named.items()})
        with self._cloud.ground.write() as unit:
            about = package.About(release, version, self._hw, 0, unit.now + 90 * 86_400_000)
            row = packages.add(unit, package.make(about, files, self._key))
            upgrades.start(unit, DEVICE, row)

    def upgrading(self) -> bool:
        with self._cloud.ground.read() as unit:
            return any(row.state in upgrades.OPEN for row in upgrades.of(unit, DEVICE))

    def sweep(self) -> None:
        self._cloud.sweep()


async def month(
    clock: Clock, days: int, folder: Path, *, heap_kb: int, verbose: bool
) -> dict[str, Any]:
    """Plays it; everything that is known afterwards."""
    began, busy = time.monotonic(), os.times()
    key = ec.generate_private_key(ec.SECP256R1())
    cloud = InLoopCloud(
        folder / "cloud",
        clock.utc_ms,
        base_url=f"http://{HOST}:{WEB}",
        handlers=outbox.together(
            policies.handlers(),
            upgrades.handlers(),
            terminal_policy.handlers(),
            from_terminals.handlers(),
        ),
        rounds=_rounds(),
    )
    cloud.start()
    with cloud.ground.write() as unit:
        secret = terminals.provision(unit, DEVICE)
    network = Network()
    network.listen(HOST, MQTT, cloud.accept)
    network.listen(HOST, WEB, cloud.accept_http)
    provision = Provision(DEVICE, secret, f"{HOST}:{MQTT}")
    nvs = folder / DEVICE / "nvs"
    nvs.mkdir(parents=True)
    (nvs / "hanma.release_key").write_bytes(keys.raw(key.public_key()))
    platform = Platform(cloud, key, "a7670")
    ticks_ms = _TICKS - min(_BEFORE_WRAP_MS, days * 6 * HOUR_S * 1000)
    async with solo.terminal(
        folder, clock, network, provision=provision, ticks_ms=ticks_ms, heap_kb=heap_kb
    ) as terminal:
        if verbose:
            terminal.chip.echo = _show
        heap = Heap(terminal, clock)
        watch = asyncio.create_task(heap.run())
        play = Month(terminal, platform, clock, upgrades=_releases(days), say=_show)
        await play.play(days)
        watch.cancel()
        heap.look()
        told = {
            "days": days,
            "virtual_s": clock.now_us // 1_000_000,
            "heap_first_kb": heap.first,
            "heap_last_kb": heap.last,
            "heap_grown_kb": heap.grown,
            "beats": cloud.words["beat"],
            "mb_sent": round(terminal.modem.stack.meter.sent / 1e6, 3),
            "mb_received": round(terminal.modem.stack.meter.received / 1e6, 3),
            "mb_limit": round(MB_PER_30_DAYS * days / 30, 3),
            "journal_lost": _lost(cloud, folder / DEVICE),
            "reboots": terminal.chip.starts - 1,
            "upgrades": _done(cloud),
            "ticks_wrapped": heap.wraps,
            "jobs": play.closed,
            "arcs": play.arcs,
            "outages": play.outages,
            "sims": play.sims,
            "broker_restarts": play.broker_restarts,
            "power_cuts": play.power_cuts,
            "deaths": heap.deaths,
            "starts": _counted(terminal.chip.reasons),
            "received": dict(cloud.words),
            "turns": terminal.chip.turns,
        }
    await cloud.stop()
    told["real_s"] = round(time.monotonic() - began, 1)
    told["real_s_limit"] = max(REAL_S, REAL_S * days // 30)
    return told | _cpu(busy, os.times())


def _rounds() -> list[Callable[[Unit], object]]:
    """The housekeeping without the room of work."""
    return [
        sweep if sweep.__module__.startswith(_OF_TERMINALS) else _seldom(sweep, 24)
        for sweep in ROUNDS
        if sweep is not jobs.sweep
    ]


def _seldom(sweep: Callable[[Unit], object], times: int) -> Callable[[Unit], object]:
    turn = itertools.count()
    return lambda unit: sweep(unit) if next(turn) % times == 0 else None


def _cpu(before: os.times_result, after: os.times_result) -> dict[str, float]:
    """Seconds of a processor: this process, which is world and cloud, and the boards, which have
    all ended. They take turns, so their sum is what it takes when nobody else is busy."""
    here, boards = (sum(after[at : at + 2]) - sum(before[at : at + 2]) for at in (0, 2))
    told = {"cpu_s": here + boards, "cpu_world_and_cloud_s": here, "cpu_boards_s": boards}
    return {name: round(value, 1) for name, value in told.items()}


class Heap:
    """Reads the firmware's own reports every four hours: heap, and whether its ticks wrapped."""

    def __init__(self, terminal: SimulatedTerminal, clock: Clock) -> None:
        self._terminal, self._clock = terminal, clock
        self._since_start: dict[int, list[int]] = {}
        self.first = self.last = self.deaths = self.wraps = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            self.look()

    def look(self) -> None:
        watch = self._terminal.watch()
        if watch:
            self.last = watch[-1]["heap_kb"]
            self._since_start.setdefault(self._terminal.chip.starts, []).append(self.last)
            self.deaths = max(self.deaths, watch[-1]["deaths"])
            if self._clock.now_us <= _FIRST_US:
                self.first = self.last
        self.wraps = self._terminal.chip.wraps

    @property
    def grown(self) -> int:
        """kB by which it grew without a restart, at the most."""
        return max((grown(readings) for readings in self._since_start.values()), default=0)


def grown(readings: Sequence[int]) -> int:
    """What a leak would leave: the least of the later half above the most of the earlier half.

    A peak that passes, as an upgrade's, does not count, nor does a start of less than a day.
    """
    half = len(readings) // 2
    if half < _HALF_A_DAY:
        return 0
    return max(0, min(readings[half:]) - max(readings[:half]))


def _releases(days: int) -> int:
    """Three a month; a short run has one, and is not held to its share of the month's data."""
    return 3 if days >= _FAIR_DAYS else 1


def _counted(words: list[str]) -> dict[str, int]:
    return {word: words.count(word) for word in sorted(set(words))}


def _done(cloud: InLoopCloud) -> int:
    with cloud.ground.read() as unit:
        return sum(row.state == "done" for row in upgrades.of(unit, DEVICE))


def _lost(cloud: InLoopCloud, flash: Path) -> int:
    """Numbers that the terminal gave and the cloud does not have; what a gap tells is lost too."""
    lost, newest = 0, journal_of(flash)
    with cloud.ground.read() as unit:
        for head in journal.logs(unit, DEVICE):
            held = {entry.seq for entry in journal.entries(unit, DEVICE, head.log)}
            lost += len(set(range(1, max(newest, head.to) + 1)) - held)
    return lost


def _good(told: dict[str, Any]) -> bool:
    days = told["days"]
    return (
        told["beats"] >= _BEATS_A_DAY * days
        and told["heap_grown_kb"] <= _FLAT_KB
        and (days < _FAIR_DAYS or told["mb_sent"] + told["mb_received"] <= told["mb_limit"])
        and told["journal_lost"] == 0
        and told["upgrades"] == _releases(days)
        and told["ticks_wrapped"] > 0
        and told["jobs"] > 0
        and (days < _FAIR_DAYS or all(told[trouble] > 0 for trouble in _TROUBLES))
    )


def _show(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@click.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@click.option("--heap-kb", default=HEAP_KB, show_default=True, help="The firmware's heap.")
@click.option("--verbose", is_flag=True, help="Show the board's console.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep flash and database here.")
def soak(days: int, heap_kb: int, verbose: bool, keep: Path | None) -> None:
    """A virtual month: one terminal's real firmware and the real cloud, weeks in a minute."""
    told = run(days, heap_kb=heap_kb, verbose=verbose, keep=keep)
    told["ok"] = told["ok"] and told["real_s"] <= told["real_s_limit"]
    click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if told["ok"] else 1)


def run(
    days: int, *, heap_kb: int = HEAP_KB, verbose: bool = False, keep: Path | None = None
) -> dict[str, Any]:
    """What `month` tells, and `ok`."""
    with _undisturbed():
        return _run(days, heap_kb, verbose, keep)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Little collecting, which takes a third of the time, and no word of lost connections, which
    are the point here; afterwards all is as before."""
    log, thresholds = logging.getLogger("cloud"), gc.get_threshold()
    level = log.level
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _run(days: int, heap_kb: int, verbose: bool, keep: Path | None) -> dict[str, Any]:
    base = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    folder = keep or Path(tempfile.mkdtemp(prefix="hanma-soak-", dir=base))
    try:
        told = virtual.run(
            lambda clock: month(clock, days, folder, heap_kb=heap_kb, verbose=verbose)
        )
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    assert timedelta(seconds=told["virtual_s"]) >= timedelta(days=days)
    return {"ok": _good(told)} | told
