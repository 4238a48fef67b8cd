"""The invariant of the whole terminal, searched: the relay is closed only under an authority that
lives, or under an emergency release that its policy allows.

The real application on the bench, in made-up time. What it was given is written down here by
other rules than the firmware's own; `HANMA_SEARCH` multiplies the runs, `HANMA_SHRINK` makes a
failure small.
"""

import asyncio
import functools
import gc
import os
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from . import signing
from .bench import Bench
from .ticketing import make as ticket_text
from .virtual_time import Loop, end_all, now_ms

pytestmark = pytest.mark.slow  # twenty thousand steps of a whole terminal

RUNS = int(200 * float(os.environ.get("HANMA_SEARCH", "1")))
STEPS = 115  # of a run at most; a few end at once, and all together are to be 20,000
SEEN: list[int] = []  # steps of each run
JOBS = st.sampled_from([f"job-{number}" for number in range(6)])
QUIET_MS, MINUTE_MS = 900_000, 60_000


def inside(work: Callable[..., Any]) -> Callable[..., Any]:
    """A step of the search that runs in the terminal's own loop."""

    @functools.wraps(work)
    def step(self: Any, **drawn: Any) -> None:
        SEEN[-1] += 1
        self.loop.run_until_complete(work(self, **drawn))

    return step


class Whole(RuleBasedStateMachine):
    @initialize()
    def power_up(self) -> None:
        gc.collect()
        SEEN.append(0)
        gc.freeze()  # the firmware collects every second, and not the search's own heap
        self.loop = Loop()
        self.files = tempfile.TemporaryDirectory(prefix="hanma-search-")
        self.bench = Bench(self.files.name)
        self.leases: dict[str, int] = {}  # job → made-up ms at which its authority ends
        self.ended: set[str] = set()
        self.number = 0
        self.locked = self.gas = self.tampered = False
        self.contact_ms: int | None = None
        self.spent_before = 0
        self.loop.run_until_complete(self.bench.power_on())
        self.boot()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run_until_complete(end_all())
            self.loop.close()
            self.files.cleanup()
            gc.unfreeze()

    def now(self) -> int:
        return int(self.loop.time() * 1000 + 0.001)

    def boot(self) -> None:
        self.contact_ms = self.contact_ms if self.released() else self.now()

    def released(self) -> bool:
        return self.bench.flash.get("released") == b"1"

    # what may happen ---------------------------------------------------------------------------

    @rule(job=JOBS, lease_s=st.sampled_from([20, 300, 4000, 50_000]), wrong=st.integers(0, 9))
    @inside
    async def on(self, job: str, lease_s: int, wrong: int) -> None:
        doubt: dict[str, Any] = {}
        if wrong == 1:
            doubt["epoch"] = "0" * 16
        elif wrong == 2:
            doubt["n"] = 0
        elif wrong == 3:
            doubt["x"] = 0
        before = self.now()
        id, body = self.bench.make("switch", "1", job=job, lease_s=lease_s, **doubt)
        if wrong == 4:
            body = body.replace(b'"lease_s":', b'"lease_s":1')
        await self.send(body)
        (answer, *_) = self.bench.answers(id) or [None]
        if answer and answer["paras"]["success"]:
            assert wrong not in (1, 2, 3, 4)
            assert job not in self.ended and not self.locked and not self.gas
            self.grant(job, before, lease_s)
        elif answer is None and not wrong:  # off-line: it may have come or not
            self.grant(job, before, lease_s)

    @rule(job=JOBS, lease_s=st.sampled_from([20, 300, 4000]), fresh=st.booleans())
    @inside
    async def ticket(self, job: str, lease_s: int, fresh: bool) -> None:
        proof: dict[str, Any] = {"ch": self.bench.guests.challenge()}
        if not fresh:
            self.number += 1
            proof = {"n": self.number}
        iat = max(signing.IAT + self.now(), self.bench.terminal.earliest_ms())
        proof = {"n": None} | proof
        text = ticket_text(job=job, lease_s=lease_s, iat=iat, exp=iat + 60_000, **proof)
        before = self.now()
        told = await self.bench.guests.ticket(text)
        if told["code"] == 200:
            assert job not in self.ended and not self.locked and not self.gas
            self.contact_ms = self.now()
            self.grant(job, before, lease_s)
        await self.wait(0.5)

    @rule(job=JOBS)
    @inside
    async def here(self, job: str) -> None:
        """Answered in every mode; the invariant sees that it gives no authority."""
        iat = max(signing.IAT + self.now(), self.bench.terminal.earliest_ms())
        proof = {"n": None, "ch": self.bench.guests.challenge()}
        text = ticket_text(act="here", job=job, lease_s=None, iat=iat, exp=iat + 60_000, **proof)
        moves = len(self.bench.relay.moves)
        told = await self.bench.guests.ticket(text)
        assert told["code"] == 200 and len(self.bench.relay.moves) == moves
        self.contact_ms = self.now()

    @rule(job=JOBS)
    @inside
    async def off(self, job: str) -> None:
        id, body = self.bench.make("switch", "0", job=job, reason="search")
        await self.send(body)
        if self.bench.answers(id):
            self.over(job)
            assert self.bench.terminal.controller.job != job

    @rule(how=st.sampled_from(["lock", "unlock", "alive", "nonsense"]))
    @inside
    async def order(self, how: str) -> None:
        id, body = self.bench.make(how, **({"ask": 1} if how == "alive" else {}))
        await self.send(body)
        if self.bench.answers(id):
            if how == "lock":
                self.locked = True
                self.all_over()
            elif how == "unlock":
                self.locked = self.tampered = False

    @rule(data=st.binary(max_size=60))
    @inside
    async def garbage(self, data: bytes) -> None:
        self.bench.terminal.orders.down("", data)

    @rule(seconds=st.sampled_from([0.2, 1, 5.5, 8]))
    @inside
    async def button(self, seconds: float) -> None:
        working = self.bench.terminal.controller.job
        self.bench.board.button = True
        await self.wait(seconds)
        self.bench.board.button = False
        await self.wait(0.2)
        if working:
            self.over(working)

    @rule(seconds=st.sampled_from([1, 30, 400, 1000, 4000]))
    @inside
    async def time_passes(self, seconds: float) -> None:
        await self.wait(seconds)

    @rule(refuse=st.booleans())
    @inside
    async def network(self, refuse: bool) -> None:
        self.bench.modem.refuse = refuse
        if refuse:
            self.bench.modem.lose_link()
        await self.wait(1)

    @rule()
    @inside
    async def power_cut(self) -> None:
        self.bench.modem.refuse = False
        await self.bench.power_on()  # a new board: nobody strikes an arc, there is no gas
        self.gas = False
        self.boot()
        assert self.bench.relay.moves == []

    @rule(at_ms=st.sampled_from([0, -86_400_000, 86_400_000]))
    @inside
    async def clock_jumps(self, at_ms: int) -> None:
        up = self.bench.up
        self.bench.terminal.time.network(max(signing.IAT + self.now() + at_ms, 1), up)

    @rule(mv=st.sampled_from([0, 100, 1000, 2500]))
    @inside
    async def gas_rises(self, mv: int) -> None:
        if mv == 0 and self.bench.board.gas:
            return  # a sensor torn off has a test of its own
        self.bench.board.gas = mv
        await self.wait(31)
        percent = mv * 100 // 3300
        self.gas = percent >= 50 or (self.gas and percent >= 20)
        if self.gas:
            self.all_over()

    @rule(is_open=st.booleans())
    @inside
    async def lid(self, is_open: bool) -> None:
        self.bench.board.lid = int(is_open)
        self.tampered = self.tampered or is_open
        await self.wait(1)

    @rule(stuck=st.sampled_from([None, None, None, 0, 1]))
    @inside
    async def contactor(self, stuck: int | None) -> None:
        self.bench.relay.stuck = stuck
        await self.wait(2)

    @rule(amps=st.sampled_from([0, 120]))
    @inside
    async def arc(self, amps: int) -> None:
        self.bench.board.amps = amps
        await self.wait(1)

    # what must hold ----------------------------------------------------------------------------

    @invariant()
    def the_relay_is_closed_only_under_authority_or_release(self) -> None:
        if not hasattr(self, "bench") or not self.bench.relay.driven:
            return
        controller = self.bench.terminal.controller
        if controller.mode == "working":
            job = controller.job
            assert job in self.leases and self.now() <= self.leases[job] + 50
            assert job not in self.ended
            assert not self.locked and not self.gas
        else:
            assert controller.mode == "emergency"
            assert not self.locked and not self.gas and not self.tampered
            assert self.released()
            assert int(self.bench.flash["spent"]) <= 720

    @invariant()
    def what_ended_stays_ended(self) -> None:
        if hasattr(self, "bench"):
            for job in [*self.ended][:16]:
                assert self.bench.terminal.controller.job != job

    # -----------------------------------------------------------------------------------------

    async def send(self, body: bytes) -> None:
        if self.bench.peer.link:
            self.bench.send(body)
        await self.wait(1)

    async def wait(self, seconds: float) -> None:
        """In steps, for a release must be seen while it is young."""
        end = now_ms() + int(seconds * 1000)
        mode = self.bench.terminal.controller.mode
        while now_ms() < end:
            left_s = (end - now_ms()) / 1000
            if left_s > 40:
                asyncio.get_running_loop().leap(28.95)
                await asyncio.sleep(0.05)
            else:
                await asyncio.sleep(min(left_s, 1))
            now_mode = self.bench.terminal.controller.mode
            if now_mode == "emergency" != mode:
                quiet = self.contact_ms is None or now_ms() - self.contact_ms >= QUIET_MS - 1000
                assert quiet, (now_ms(), self.contact_ms)
            mode = now_mode
        for job, until in list(self.leases.items()):
            if until < now_ms():
                self.over(job)

    def grant(self, job: str, from_ms: int, lease_s: int) -> None:
        running = self.bench.terminal.controller.job
        for other in [*self.leases]:
            if other != job and running == job:
                self.over(other)
        self.leases[job] = max(self.leases.get(job, 0), self.now() + min(lease_s, 43_200) * 1000)

    def over(self, job: str) -> None:
        if self.leases.pop(job, None) is not None and job in self.bench.terminal.controller.ended:
            self.ended.add(job)

    def all_over(self) -> None:
        for job in [*self.leases]:
            self.over(job)


def test_no_sequence_of_events_closes_the_relay_without_authority() -> None:
    SEEN.clear()
    search = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        phases=[Phase.generate] + [Phase.shrink] * bool(os.environ.get("HANMA_SHRINK")),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Whole, settings=search)
    print(f"{len(SEEN)} runs, {sum(SEEN)} steps")
    if RUNS >= 200:
        assert len(SEEN) >= RUNS and sum(SEEN) >= 100 * RUNS
