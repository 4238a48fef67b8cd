"""`hanma bench peer`: what an integrator would build instead, beside ours in the same run.

The peer is Node-RED with its MQTT nodes and SQLite (nodered.py): a scan by HTTP, a valid
certificate and a free machine, the command, the terminal's answer. Both work with light terminals
in a process of their own through one Mosquitto; SQLite writes ahead and in full on both sides. A
round is one turn for each, alone: it starts, some presses warm it up, then `at_once` people press
ON one after another, each on a machine of its own. Who begins changes from round to round.

p50_ms, p99_ms: from the press until the terminal says that its relay closed; answer_*: until the
HTTP answer, which with ours says that the command is on its way and with the peer that the
terminal answered. cpu_s_per_1000: the program and Mosquitto, for a thousand presses, until all are
`on` in the database; rss_mb: the program alone. Medians over the rounds; ratio = ours / peer, and
what the peer leaves out stands beside it.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select

from cloud.base.unit import Ground
from cloud.bench import county, fleets, mosquitto, nodered, opened, presses, served
from cloud.bench.machine import Usage
from cloud.bench.presses import Line
from cloud.bench.served import CONNECTED_S, say
from cloud.work.job import Job
from simulator.fleet import PROFILES

# Said beside the ratio, so that nobody reads it as the price of the same thing.
LACKS = (
    "不验人：无登录、PIN、会话 nobody is known: no login, PIN or session",
    "无监护人、照片、地点与其他规则 no fire watch, pictures, zones or other rules",
    "指令不签名：谁能发布谁就能合闸 commands are not signed: whoever may publish switches on",
    "无审计链 no chained record, committed with the decision",
    "不知终端在否：无登录、心跳、离线告警 no presence: log-ins, heartbeats, off-line alarms",
    "重启即忘：在途的按压无人续办 forgets on a restart: no command is sent again, no OFF by lease",
)
_SEED = "peer"
_SEEDING_MIN = 5  # the fire watch's confirmation lasts; by then all is ready
_WARM = 40  # presses of each turn before it counts
_CLOSED_S = 60.0
_FIGURES = ("p50_ms", "p99_ms", "answer_p50_ms", "answer_p99_ms", "cpu_s_per_1000", "rss_mb")


@dataclass(frozen=True)
class Race:
    """In each of `rounds` turns a side gets `jobs` presses, by `at_once` people."""

    jobs: int
    at_once: int
    rounds: int

    @property
    def turn(self) -> int:
        """The terminals that one turn needs."""
        return _WARM + self.jobs


def measure(race: Race, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if both did all the work."""
    return served.printed("peer", folder, lambda data: _measured(data, race))


class Scan(Protocol):
    """One person's press, at one machine."""

    @property
    def device(self) -> str: ...

    def request(self) -> bytes: ...


@dataclass(frozen=True)
class PeerPress:
    """A scan as the peer takes it."""

    device: str
    machine: str
    welder: str

    def request(self) -> bytes:
        return presses.form("/on", {"machine": self.machine, "welder": self.welder})


@dataclass
class Turn:
    """What became of a turn's presses. cpu_s: of program and broker; rss_mb: of the program."""

    closed_ms: list[float] = field(default_factory=list)
    answer_ms: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    cpu_s: float = 0.0
    rss_mb: float = 0.0

    def figures(self) -> dict[str, float]:
        taken = max(1, len(self.closed_ms))
        return {
            **presses.shares(self.closed_ms),
            **presses.shares(self.answer_ms, "answer_"),
            "cpu_s_per_1000": round(1000 * self.cpu_s / taken, 2),
            "rss_mb": round(self.rss_mb, 1),
        }


def told(race: Race, turns: Mapping[str, Sequence[Turn]]) -> dict[str, Any]:
    """The last line: each side's medians, ours over the peer's, and what the peer leaves out."""
    sides = {name: _side(every) for name, every in turns.items()}
    ours, peer = sides["ours"], sides["peer"]
    wanted = race.jobs * race.rounds
    return {
        "ok": all(one["jobs"] == wanted and not one["lost"] for one in sides.values()),
        "rounds": race.rounds,
        "at_once": race.at_once,
        **sides,
        "ratio": {name: round(ours[name] / peer[name], 2) for name in _FIGURES if peer[name]},
        "ratio_is": "本系统 ÷ 对照 ours / peer; above 1 = ours takes more",
        "peer_lacks": list(LACKS),
    }


def _side(turns: Sequence[Turn]) -> dict[str, Any]:
    """`jobs` = presses whose relay closed."""
    every = [one.figures() for one in turns]
    medians = {name: round(statistics.median(one[name] for one in every), 2) for name in _FIGURES}
    refused: dict[str, int] = {}
    for turn in turns:
        for why, count in turn.refused.items():
            refused[why] = refused.get(why, 0) + count
    jobs = sum(len(one.closed_ms) for one in turns)
    return {"jobs": jobs, **medians, "refused": refused, "lost": sum(one.lost for one in turns)}


class _Moves:
    """Of relays, as their terminals tell them; `hear` is for fleets.running."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[float]] = {}

    def of(self, device: str) -> "asyncio.Future[float]":
        """When its relay closes, by perf_counter."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[device] = future
        return future

    def hear(self, news: dict[str, Any]) -> None:
        future = self._waiting.pop(news["device"], None) if news.get("relay") == 1 else None
        if future is not None and not future.done():
            future.set_result(time.perf_counter())


@dataclass(frozen=True)
class _Side:
    """`start` runs it: (process, HTTP port); `on` = machines that are on by its database."""

    scans: Sequence[Scan]
    moves: _Moves
    start: Callable[[], Any]
    on: Callable[[], int]


async def _measured(data: Path, race: Race) -> dict[str, Any]:
    nodered.ready()
    count = race.turn * race.rounds
    size = county.Size(max(100, count), max(100, 4 * count))
    secrets, places = served.seeded(data, size, _SEED, count)
    ground = served.ground_at(data)
    ready = presses.signed_in(ground, places, opened.waiting(ground, places, _SEED, _SEEDING_MIN))
    theirs = _peer(data, size, count)
    async with AsyncExitStack() as stack:
        stack.callback(ground.close)
        broker, port = stack.enter_context(mosquitto.running(data))
        ours = _Side(
            ready,
            _Moves(),
            lambda: served.cloud(data, f"mqtt://127.0.0.1:{port}"),
            lambda: _on(ground),
        )
        peer = _Side(
            theirs,
            _Moves(),
            lambda: nodered.running(data, port),
            lambda: nodered.on(data),
        )
        await _terminals(stack, data, port, ours, secrets, trusting=False)
        made = {one.device: county.secret_of(_SEED, one.device) for one in theirs}
        await _terminals(stack, data, port, peer, made, trusting=True)
        turns: dict[str, list[Turn]] = {"ours": [], "peer": []}
        for number in range(race.rounds):
            order = [("ours", ours), ("peer", peer)]
            for name, side in order[:: -1 if number % 2 else 1]:
                turn = await _turn(race, side, number, broker.pid)
                turns[name].append(turn)
                say(f"{name}: {turn.figures()} {turn.refused or ''}")
    result = told(race, turns)
    for name in ("ours", "peer"):
        say(f"{name}: {result[name]}")
    return result | {"peer_is": nodered.versions()}


def _peer(data: Path, size: county.Size, count: int) -> list[PeerPress]:
    """Its database, as large as ours, and as many presses."""
    until = (date.today() + timedelta(days=300)).isoformat()
    nodered.fill(
        data,
        ((f"W{number:06}", until) for number in range(size.welders)),
        ((f"M{number:06}", _device(size, number)) for number in range(size.machines)),
    )
    every = range(count)
    return [PeerPress(_device(size, n), f"M{n:06}", f"W{n:06}") for n in every]


def _device(size: county.Size, number: int) -> str:
    """The peer's terminals are others than ours."""
    return county.device_of(size.machines + number)


async def _terminals(
    stack: AsyncExitStack,
    data: Path,
    port: int,
    side: _Side,
    secrets: dict[str, bytes],
    trusting: bool,
) -> None:
    """Those of one side, connected and at rest; ours have logged in with the cloud."""
    mine = {one.device: secrets[one.device] for one in side.scans}
    quiet = replace(PROFILES["quiet"], beat_s=3600.0, arrive_s=len(mine) / 250)
    with side.start():
        fleet = await stack.enter_async_context(
            fleets.running(data, mine, [port], quiet, 1, side.moves.hear, trusting)
        )
        await fleet.connected(len(mine), quiet.arrive_s + CONNECTED_S)
        await fleet.settled()


async def _turn(race: Race, side: _Side, number: int, broker: int) -> Turn:
    first = number * race.turn
    warm, scans = (
        side.scans[first : first + _WARM],
        side.scans[first + _WARM : first + race.turn],
    )
    before_all = side.on()
    with side.start() as (process, port):
        warmed, turn = Turn(), Turn()
        await _pressed(port, warm, race.at_once, side.moves, warmed)
        await _until_on(side, before_all + len(warmed.closed_ms))
        pids = [process.pid, broker]
        before = Usage.of(pids)
        await _pressed(port, scans, race.at_once, side.moves, turn)
        on = before_all + len(warmed.closed_ms) + len(turn.closed_ms)
        turn.lost += await _until_on(side, on)
        turn.cpu_s = Usage.of(pids).cpu_s - before.cpu_s
        turn.rss_mb = Usage.of([process.pid]).rss_mb
    return turn


async def _pressed(
    port: int, scans: Iterable[Scan], at_once: int, moves: _Moves, turn: Turn
) -> None:
    """All of them, each of `at_once` people pressing anew when the relay has closed."""
    left = iter(scans)
    await asyncio.gather(*(_person(Line(port), left, moves, turn) for _ in range(at_once)))


async def _person(line: Line, left: Iterator[Scan], moves: _Moves, turn: Turn) -> None:
    try:
        for scan in left:
            await _press(line, scan, moves, turn)
    finally:
        line.close()


async def _press(line: Line, scan: Scan, moves: _Moves, turn: Turn) -> None:
    closed, began = moves.of(scan.device), time.perf_counter()
    try:
        async with asyncio.timeout(_CLOSED_S):
            status, body = await line.ask(scan.request())
            answered = time.perf_counter()
            if status != 200:
                why = presses.codes(status, body)
                turn.refused[why] = turn.refused.get(why, 0) + 1
                return
            at = await closed
    except TimeoutError:
        line.close()
        turn.lost += 1
        return
    except (OSError, asyncio.IncompleteReadError) as error:
        line.close()
        why = type(error).__name__
        turn.refused[why] = turn.refused.get(why, 0) + 1
        return
    turn.answer_ms.append((answered - began) * 1000)
    turn.closed_ms.append((at - began) * 1000)


async def _until_on(side: _Side, wanted: int) -> int:
    """Wait until so many are on; how many are not, after a minute."""
    end = time.monotonic() + _CLOSED_S
    while (here := side.on()) < wanted and time.monotonic() < end:
        await asyncio.sleep(0.1)
    return max(0, wanted - here)


def _on(ground: Ground) -> int:
    with ground.read() as unit:
        return unit.db.scalar(select(func.count()).select_from(Job).where(Job.state == "on")) or 0
