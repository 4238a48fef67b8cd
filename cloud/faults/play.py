"""One trial: everything started, faults by plan, healed, settled, and judged.

people ── proxy ── cloud (web, ingest, housekeeping, SQLite) ── Mosquitto ── proxy ── terminals

or, as in a province, with PostgreSQL and any number of web and ingest workers in processes of
their own, each of which may be killed.
"""

import asyncio
import contextlib
import http.client
import json
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from cloud.base.clock import china_day, now_ms
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench.machine import python
from cloud.bench.mosquitto import free_port
from cloud.book.outbox import Event
from cloud.faults import book, invariants, plan, postgresql, stage
from cloud.faults.plan import Fault
from cloud.faults.processes import Process, mosquitto
from cloud.faults.register import Register
from cloud.link.commands import OPEN, Command
from simulator.phone import Phone, PhoneError
from simulator.trial import notes as history
from simulator.trial.notes import Notes
from simulator.trial.proxy import GOOD, Manner, Proxy
from simulator.trial.quiet import Quiet
from simulator.trial.terminals import GUARDS as OF_TERMINALS

T = TypeVar("T")

LIFE_S, TIMEOUT_S, OFF_CONFIRM_S, PRESENCE_S = 5, 7, 6, 60
SILENCE_MS = 2_500 + 10_000  # of a terminal that beats every second (link/reckoning.py)
_PAIRS = 4
_LOOK_S = 1.0
_RED_S = 15  # figures that are still wrong then are red, where red is looked for
_UP_S, _LEFT_S, _CALM_S, _FIGURES_S = 60, 60, 60, 150  # figures: cloud/oversight/kept.py
_TROUBLE = (OSError, http.client.HTTPException, PhoneError, ValueError, KeyError)
_REVIVALS = 20
_HOUSEKEEPERS = 2
_MANNERS = {
    "latency": Manner(latency_s=0.3),
    "silence": Manner(silent=True),
    "slices": Manner(sliced=True),
    "narrow": Manner(bytes_s=4_000),
}


class NotPlayed(Exception):
    """The trial itself could not go on; the text says why."""


@dataclass(frozen=True)
class Wish:
    """What is to be played. `guard` = the one that is taken away, empty = none; `web`, `ingest`
    = how many workers, 0 = one process with everything."""

    seed: int
    minutes: float
    kinds: tuple[str, ...] = plan.KINDS
    guard: str = ""
    pairs: int = _PAIRS
    postgresql: bool = False
    web: int = 0
    ingest: int = 0


def servers(web: int, ingest: int, database: bool) -> tuple[str, ...]:
    """The names of the programs that serve, as faults name them."""
    parts = [("web", web), ("ingest", ingest), ("housekeeping", _HOUSEKEEPERS if web else 0)]
    named = [f"{name}-{number}" for name, count in parts for number in range(1, count + 1)]
    return (*(named or ["cloud"]), "broker", *(["database"] if database else []))


async def play(wish: Wish, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """What came of it: `ok`, the counts, and where an invariant does not hold."""
    trial = Run(wish, folder, say)
    try:
        await trial.begin()
        settled = await (trial.until_red() if wish.guard else trial.through())
        await trial.curtain()
        return trial.judged(settled)
    finally:
        await trial.end()


class Run:
    """All the parts of a trial, and what may be done with them."""

    def __init__(self, wish: Wish, folder: Path, say: Callable[[str], None]) -> None:
        self._wish, self._say, self._folder = wish, say, folder
        self._past = folder / "history"
        self._past.mkdir(parents=True)
        self._notes = Notes(self._past / "trial.jsonl")
        self._clock = folder / "clock"
        self._clock.write_text("0")
        self._quiet, self._calmed = Quiet(folder / "quiet"), Quiet(folder / "calmed")
        self._webs = [free_port() for _ in range(wish.web or 1)]
        self._broker, self._ears, self._database = (free_port() for _ in range(3))
        url = postgresql.url(self._database) if wish.postgresql else ""
        self._settings = Settings(
            data_dir=folder / "data", database=url, argon2_kib=8, argon2_rounds=1
        )
        self._stage: stage.Stage
        self._papers: dict[str, Any] = {}
        self._register = Register(self._papers)
        rng = random.Random(wish.seed)
        self._mqtt = Proxy([("127.0.0.1", self._broker)], rng)
        self._http = Proxy([("127.0.0.1", port) for port in self._webs], rng)
        self._programs: dict[str, Process] = {}
        self._watching: asyncio.Task[None] | None = None
        self._faults: Counter[str] = Counter()
        self._figures: dict[str, dict[str, int]] = {}
        self._phones: dict[str, Phone] = {}
        self._revivals = 0

    def _made(self) -> stage.Stage:
        ground = Ground.open(self._settings)
        migrate(ground.engine)
        made = stage.make(ground, self._wish.pairs, self._wish.seed)
        ground.close()
        return made

    # --- the play ------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Everything is up, and at work."""
        self._register.start()
        if self._wish.postgresql:
            await self._serve_database()
        self._stage = await asyncio.to_thread(self._made)
        self._papers.update(self._stage.register)
        await self._mqtt.start()
        await self._http.start()
        await self._serve()
        for moment in (self._quiet, self._calmed):
            moment.put(time.time() + self._wish.minutes * 60)
        for name, words in self._players().items():
            self._programs[name] = Process(words, self._folder / f"{name}.log")
            self._programs[name].start()
        self._watching = asyncio.create_task(self._watch())

    async def _serve_database(self) -> None:
        try:
            self._programs["database"] = postgresql.server(self._folder, self._database)
        except postgresql.NoPostgresql as error:
            raise NotPlayed(str(error)) from None
        self._programs["database"].start()
        if not await self._until(self._database_answers, _UP_S):
            raise NotPlayed((self._folder / "postgresql.log").read_text()[-2000:])

    async def _serve(self) -> None:
        """Broker and cloud."""
        broker = mosquitto(self._folder, self._broker)
        if broker is not None:
            self._programs["broker"] = broker
            broker.start()
        elif self._wish.web:
            raise NotPlayed("several workers need Mosquitto (Debian: apt install mosquitto)")
        cloud = self._workers() if self._wish.web else {"cloud": self._cloud("serve")}
        self._programs |= cloud
        for program in cloud.values():
            program.start()
        await self._up()

    async def through(self) -> dict[str, bool]:
        """To the end; what was settled by then."""
        await self.disturb()
        return await self.settle()

    async def until_red(self) -> dict[str, bool] | None:
        """The same, but None at once when an invariant is broken that nothing later can mend."""
        through = asyncio.create_task(self.through())
        red = asyncio.create_task(self._red())
        try:
            await asyncio.wait({through, red}, return_when=asyncio.FIRST_COMPLETED)
            return through.result() if through.done() else red.result()
        finally:
            through.cancel()
            red.cancel()
            await asyncio.gather(through, red, return_exceptions=True)

    async def _red(self) -> None:
        while not await _threaded(self._red_now):
            await asyncio.sleep(_LOOK_S)
        self._say("· red")

    def _red_now(self) -> bool:
        try:
            return bool(self._broken(invariants.LASTING))
        except DBAPIError:  # the database is gone just now
            return False

    async def disturb(self) -> None:
        """The faults of the plan, until all is to be quiet."""
        kinds = self._wish.kinds
        if "broker" not in self._programs:
            kinds = tuple(kind for kind in kinds if "broker" not in kind)
        await asyncio.sleep(min(4.0, self._wish.minutes * 10))  # the first jobs have begun
        for fault in plan.drawn(self._wish.seed, self._wish.minutes * 60, kinds):
            await asyncio.sleep(fault.after_s)
            if time.time() + 1 >= self._quiet.at:
                break
            await self._happen(fault)
        await asyncio.sleep(max(0.0, self._quiet.at - time.time()))

    async def _happen(self, fault: Fault) -> None:
        begun = now_ms()
        longest_s = max(0.2, min(fault.for_s, self._quiet.at - time.time()))
        self._say(f"· {fault.kind} {longest_s:.1f} s")
        target, _, kind = fault.kind.partition("-")
        if target in ("mqtt", "web"):
            await self._bad_line(self._mqtt if target == "mqtt" else self._http, kind, longest_s)
        elif target in ("kill", "stop"):
            await self._bad_process(target, kind, longest_s)
        elif target == "clock":
            self._move_clock(3_600_000 if kind == "ahead" else -3_600_000)
            await asyncio.sleep(longest_s)
            self._move_clock(0)
        elif target == "register":
            self._register.down = True
            await asyncio.sleep(longest_s)
            self._register.down = False
        else:
            for program in self._of_the_cloud():
                program.room_on_disk(False)
            await asyncio.sleep(longest_s)
            for program in self._of_the_cloud():
                program.room_on_disk(True)
            await self._up()
        self._faults[fault.kind] += 1
        self._notes("fault", t=begun, kind=fault.kind, until=now_ms())

    async def _bad_line(self, line: Proxy, kind: str, for_s: float) -> None:
        if kind == "reset":
            line.reset()
        elif kind == "half-open":
            line.half_open()
        else:
            line.behave(_MANNERS[kind])
        await asyncio.sleep(for_s)
        line.behave(GOOD)
        if kind == "half-open":
            line.reset()  # the module's own time-out, which a light terminal has not

    async def _bad_process(self, what: str, name: str, for_s: float) -> None:
        process = self._programs[name]
        if what == "stop":
            process.stop()
            await asyncio.sleep(for_s)
            process.go_on()
        else:
            process.kill()
            await asyncio.sleep(for_s)
            process.start()
        if process in self._of_the_cloud():
            await self._up()

    def _move_clock(self, error_ms: int) -> None:
        self._clock.write_text(str(error_ms))
        self._notes("clock", error_ms=error_ms)

    async def settle(self) -> dict[str, bool]:
        """All is well again: everybody finishes, and what is open comes to its end."""
        self._say("· settling")
        await self._up()
        people = await self._until(lambda: self._programs["people"].ended, _LEFT_S)
        calm = await self._until(self._calm, _CALM_S)
        ground = Ground.open(self._settings)
        try:
            closed = await self._until(lambda: _nothing_open(ground), _CALM_S)
        finally:
            ground.close()
        await self._until(self._figures_are_true, _RED_S if self._wish.guard else _FIGURES_S)
        self._notes("figures", figures=self._figures)
        return {"people": people, "terminals": calm, "commands_and_events": closed}

    def _figures_are_true(self) -> bool:
        """What the officers' pages say, which is kept for a while, as a recount has it."""
        for place, who in self._stage.officers.items():
            if place not in self._phones:
                self._phones[place] = self._phone(len(self._phones))
                self._phones[place].sign_in(*who)
            answer = self._phones[place].request("GET", "/status.json")
            self._figures[place] = answer.json()["numbers"]
        return not list(invariants.figures_are_true(self._case([])))

    async def curtain(self) -> None:
        """Everybody has gone; the book lies open. Safe to call twice."""
        for phone in self._phones.values():
            phone.close()
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        first = ("people", "terminals")  # they tell how they ended, and need no cloud for that
        others = [name for name in self._programs if name not in (*first, "broker", "database")]
        for name in (*first, *others, "broker"):
            if name in self._programs:
                await asyncio.to_thread(self._programs[name].end)

    async def end(self) -> None:
        """Nothing of it is left."""
        await self.curtain()
        if "database" in self._programs:
            await asyncio.to_thread(self._programs["database"].end)
        await self._mqtt.stop()
        await self._http.stop()
        self._register.stop()
        self._notes.close()

    def judged(self, settled: dict[str, bool] | None) -> dict[str, Any]:
        """`settled` None: it was stopped on the way, so that only what lasts is judged."""
        broken = self._broken(invariants.LASTING if settled is None else invariants.INVARIANTS)
        settled = settled or {}
        counts = _counted(history.read(self._past), self._case([]).book)
        good = not broken and all(settled.values()) and counts["relay_moves"] > 0
        return {
            "ok": good,
            "seed": self._wish.seed,
            "minutes": self._wish.minutes,
            "without": self._wish.guard,
            "broker": "mosquitto" if "broker" in self._programs else "embedded",
            "database": "postgresql" if self._wish.postgresql else "sqlite",
            "web": self._wish.web or 1,
            "ingest": self._wish.ingest or 1,
            "revivals": self._revivals,
            "faults": dict(sorted(self._faults.items())),
            "settled": settled,
            **counts,
            "broken": {name: len(found) for name, found in broken.items()},
            "first": {name: found[:3] for name, found in broken.items()},
        }

    def _broken(self, names: Collection[str]) -> dict[str, list[str]]:
        """Of these invariants, those that do not hold. The notes are read before the book."""
        whole = "I5" in names
        found = invariants.judge(self._case(history.read(self._past), whole=whole), names)
        return {name: sentences for name, sentences in found.items() if sentences}

    def _case(self, notes: list[dict[str, Any]], *, whole: bool = False) -> invariants.Trial:
        """`whole`: with the audit trail inspected."""
        ground = Ground.open(self._settings)
        try:
            kept = book.read(ground) | {"findings": book.findings(ground) if whole else []}
        finally:
            ground.close()
        return invariants.Trial(
            notes,
            kept,
            invariants.Limits(LIFE_S * 1000, SILENCE_MS, OFF_CONFIRM_S * 1000, PRESENCE_S * 1000),
            self._figures,
            self._stage.looks,
            self._stage.machines,
            china_day(now_ms()).isoformat(),
        )

    # --- who plays ------------------------------------------------------------------------------

    def _workers(self) -> dict[str, Process]:
        names = servers(self._wish.web, self._wish.ingest, database=False)
        words = {"web": ("web", "--workers", "1"), "ingest": ("ingest",)}
        made, webs = {}, iter(self._webs)
        for name in names:
            kind = name.partition("-")[0]
            if kind != "broker":
                web = next(webs) if kind == "web" else self._webs[0]
                made[name] = self._cloud(*words.get(kind, (kind,)), name=name, web=web)
        return made

    def _cloud(self, *words: str, name: str = "cloud", web: int = 0) -> Process:
        """The cloud as `hanma` with these words."""
        environment = {
            "HANMA_DATA": str(self._settings.data_dir),
            "HANMA_DATABASE": self._settings.database,
            "HANMA_LISTEN": f"127.0.0.1:{web or self._webs[0]}",
            "HANMA_MQTT_LISTEN": f"127.0.0.1:{self._broker}",
            "HANMA_ISSUER_EMERGENCY": self._register.url,
            "HANMA_COMMAND_LIFE_S": str(LIFE_S),
            "HANMA_COMMAND_TIMEOUT_S": str(TIMEOUT_S),
            "HANMA_OFF_CONFIRM_S": str(OFF_CONFIRM_S),
            "HANMA_PRESENCE_S": str(PRESENCE_S),
            "HANMA_PRESENCE_OFTEN": "100000",
            "HANMA_THROTTLE_FAILURES": "100000",
            "HANMA_ARGON2_KIB": "8",
            "HANMA_ARGON2_ROUNDS": "1",
            "HANMA_CHECKPOINT_S": "5",
            "HANMA_FIGURES_S": "1",
        }
        if "broker" in self._programs:
            environment["HANMA_BROKER"] = f"mqtt://127.0.0.1:{self._broker}"
        guard = "" if self._wish.guard in OF_TERMINALS else self._wish.guard
        run = python("cloud.faults.child", str(self._clock), guard, *words)
        return Process(run, self._folder / f"{name}.log", environment)

    def _players(self) -> dict[str, list[str]]:
        every = {"ears": self._ears, "seed": self._wish.seed}
        guard = self._wish.guard if self._wish.guard in OF_TERMINALS else ""
        orders: dict[str, dict[str, Any]] = {
            "terminals": {
                "terminals": self._stage.terminals,
                "broker": self._mqtt.port,
                "without": guard,
                "quiet": str(self._folder / "calmed"),
            },
            "people": {
                "web": self._http.port,
                "pairs": self._stage.pairs,
                "group": self._stage.group,
                "giving": self._stage.giving,
                "quiet": str(self._folder / "quiet"),
            },
        }
        found = {}
        for name, more in orders.items():
            file = self._folder / f"{name}.json"
            told = every | more | {"notes": str(self._past / f"{name}.jsonl")}
            file.write_text(json.dumps(told))
            found[name] = python(f"simulator.trial.{name}", str(file))
        return found

    # --- looking on -----------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Officers look at their lists all the while, on a good line."""
        phones: dict[str, Phone] = {}
        try:
            while True:
                for place, who in self._stage.officers.items():
                    with contextlib.suppress(*_TROUBLE):
                        await _threaded(self._listed, phones, place, who)
                await asyncio.sleep(2)
        finally:
            for phone in phones.values():
                phone.close()

    def _listed(self, phones: dict[str, Phone], place: str, who: list[str]) -> None:
        if place not in phones:
            phone = self._phone(len(phones))
            phone.sign_in(*who)
            phones[place] = phone
        phone = phones[place]
        try:
            answer = phone.request("GET", "/machines.json")
        except (OSError, http.client.HTTPException):
            phone.close()
            raise
        codes = [one["code"] for one in answer.json().get("machines", [])]
        told = {"who": who[0], "path": "/machines.json", "status": answer.status}
        self._notes("listed", **told, codes=codes)

    def _phone(self, number: int = 0) -> Phone:
        return Phone(f"http://127.0.0.1:{self._webs[number % len(self._webs)]}", timeout_s=10)

    def _calm(self) -> bool:
        """Nothing happens to a terminal any more (a release that runs on would be told too late
        for the book), each is connected, and the cloud has all of its journal."""
        last = [one for one in history.read(self._past) if one["what"] == "calm"][-1:]
        fresh = last and now_ms() - last[0]["t"] < 2_000
        wanted = len(self._stage.terminals)
        here = fresh and last[0]["connected"] == wanted
        return bool(here and not last[0]["unstored"] and not last[0]["acting"])

    async def _up(self) -> None:
        """All that serve run, and each web worker reaches its database."""
        if not await self._until(self._healthy, _UP_S):
            raise NotPlayed("the cloud does not come up")

    def _of_the_cloud(self) -> list[Process]:
        others = ("people", "terminals", "broker")
        return [one for name, one in self._programs.items() if name not in others]

    def _healthy(self) -> bool:
        for name, program in self._programs.items():
            if program in self._of_the_cloud() and program.ended:
                self._revivals += 1  # as systemd would (Restart=always in deploy/)
                if self._revivals > _REVIVALS:
                    log = self._folder / f"{name}.log"
                    raise NotPlayed(f"{name}: {log.read_text()[-2000:] if log.exists() else ''}")
                program.start()
        return all(map(_answers, self._webs))

    def _database_answers(self) -> bool:
        ground = Ground.open(self._settings)
        try:
            with ground.read():
                return True
        except DBAPIError:
            return False
        finally:
            ground.close()

    async def _until(self, done: Callable[[], bool], longest_s: float) -> bool:
        until = time.monotonic() + longest_s
        while not await _threaded(done):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.3)
        return True


def _answers(web: int) -> bool:
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{web}/healthz", timeout=2) as answer,
    ):
        return bool(answer.status == 200)
    return False


async def _threaded(call: Callable[..., T], *given: Any) -> T:
    """In a thread, which is at its end when this is, cancelled or not: it may hold a line open."""
    running = asyncio.ensure_future(asyncio.to_thread(call, *given))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


def _nothing_open(ground: Ground) -> bool:
    """What is put off on purpose is not waited for: a line that broke has a minute."""
    with ground.read() as unit:
        tried = (Event.attempts > 0) | (Event.next_at <= unit.now)
        due = Event.done_at.is_(None) & Event.parked_at.is_(None) & tried
        events = unit.db.scalar(select(func.count()).select_from(Event).where(due))
        waits = Command.state.in_(OPEN) & (Command.name != "alive")
        commands = unit.db.scalar(select(func.count()).select_from(Command).where(waits))
    return not events and not commands


def _counted(told: list[dict[str, Any]], kept: dict[str, Any]) -> dict[str, int]:
    whats = Counter(one["what"] for one in told)
    handed_in = Counter(one["table"] for one in told if one["what"] == "kept")
    status = Counter(one["status"] // 100 for one in told if one["what"] == "answered")
    return {
        "requests": whats["asked"],
        "answered_2xx": status[2],
        "refused_4xx": status[4],
        "failed_5xx": status[5],
        "unanswered": whats["unanswered"],
        "frames_up": whats["said"],
        "frames_down": whats["down"],
        "relay_moves": whats["relay"],
        "forged": whats["forged-command"] + whats["forged-answer"],
        "jobs_on": len({row["subject"] for row in kept["audit"] if row["what"] == "job-on"}),
        "commands": len(kept["commands"]),
        "entries": len(kept["entries"]),
        **{f"kept_{name}": count for name, count in sorted(handed_in.items())},
        "alarms": len(kept["alarms"]),
        "audit_rows": len(kept["audit"]),
    }
