"""Any order of presses, messages, losses, restarts and revocations: what must hold holds.

Never an ON command unless every step was done, in order, by the right people, and still holds.
Never a closing later than fifteen seconds after a press. After everything has calmed down, book
and terminal say the same.
"""

import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book import audit
from cloud.link.commands import Command
from cloud.registry import certificates, machines, people
from cloud.work import jobs
from cloud.work.job import OPEN, Job
from tests.cloud.conftest import hurry

WATCHED_MS, LIFE_MS = 600_000, 15_000
MEMORY = Path("/dev/shm")  # thousands of durable commits: not on a disk


class OneMachine(RuleBasedStateMachine):
    """One machine, one welder, one fire watch, and a line that loses, repeats and reorders."""

    lay: Any
    make_county: Any
    make_site: Any
    make_clock: Any

    @initialize()
    def set_up(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.lay(self.folder)
        self.sent: list[tuple[str, bytes]] = []
        self.clock = self.make_clock()
        kept = Settings(data_dir=self.folder)
        self.ground = Ground.open(
            kept, self.clock, lambda device, body, light=False: self.sent.append((device, body))
        )
        hurry(self.ground.engine)
        county = self.make_county(self.ground, self.clock, random.Random(7))
        self.site = self.make_site(county, self.sent, "HM-990101-000001")
        self.down: list[bytes] = []
        self.up: list[bytes] = []
        self.job: Any = None
        self.done: dict[str, int] = {}
        self.good = {"certificate": True, "fire_watch": True, "machine": True}
        self.presses: dict[str, list[int]] = {}
        self.ons = 0

    # --- people ---------------------------------------------------------------------------------

    @rule()
    def apply(self) -> None:
        got = self.site.apply()
        if isinstance(got, Job) and (self.job is None or got.id != self.job.id):
            self.job, self.done = got, {}
            self.presses[got.id] = []

    @rule()
    def prepare(self) -> None:
        """Everything in order, so that the search gets to the weld often enough."""
        self.apply()
        if self.job:
            self.check(True, True)
            self.watch(True, "fire_watch")

    @rule(crosses=st.booleans())
    def press(self, crosses: bool) -> None:
        """The same, up to the press."""
        self.terminal_logs_in()
        self.everything_crosses()
        self.prepare()
        if self.job:
            self.on()
        if crosses:
            self.everything_crosses()

    def _code(self, person: Any) -> str:
        """The code spoken for this person; the line is good for a moment."""
        spoken = self.site.county.do(jobs.ask_code, self.job, person, lambda: "4711")
        return "" if isinstance(spoken, jobs.Refusals) else "4711"

    @precondition(lambda self: self.job)
    @rule(there=st.booleans(), complete=st.booleans())
    def check(self, there: bool, complete: bool) -> None:
        self.site.pictures(self.job, self.site.welder)
        code = self._code(self.site.welder) if there else "0000"
        before = self.site.state(self.job)
        ticks = {"combustibles", "extinguishers", "briefing", "exits"} if complete else {"exits"}
        got = self.site.county.do(jobs.check, self.job, self.site.welder, code, ticks, True)
        if isinstance(got, Job) and before != got.state:
            assert there and complete
            self.done["check"] = self.clock.now

    @precondition(lambda self: self.job)
    @rule(there=st.booleans(), who=st.sampled_from(["fire_watch", "welder"]))
    def watch(self, there: bool, who: str) -> None:
        person = getattr(self.site, who)
        self.site.pictures(self.job, person)
        code = self._code(person) if there else "0000"
        before = self.site.state(self.job)
        ticks = {"site", "stay"}
        got = self.site.county.do(jobs.watch, self.job, person, code, ticks, self.site.proof)
        if isinstance(got, Job) and before != got.state:
            assert there and who == "fire_watch" and "check" in self.done
            self.done["watch"] = self.clock.now

    @precondition(lambda self: self.job)
    @rule()
    def on(self) -> None:
        before, ons = self.site.state(self.job), self._ons()
        self.site.on(self.job)
        if self._ons() == ons:
            return
        assert self._ons() == ons + 1
        assert {"check", "watch"} <= self.done.keys()
        assert all(self.good.values()), self.good
        assert before in ("watched", "paused")
        if before == "watched":
            assert self.clock.now < self.done["watch"] + WATCHED_MS
        self.ons = ons + 1
        self.presses[self.job.id].append(self.clock.now)

    @precondition(lambda self: self.job)
    @rule(who=st.sampled_from(["welder", "fire_watch"]))
    def off(self, who: str) -> None:
        self.site.off(self.job, getattr(self.site, who))

    @precondition(lambda self: self.job)
    @rule()
    def clear(self) -> None:
        self.site.clear(self.job)

    # --- the world ------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 10, 16, 31, 120, 601, 1801, 7201]))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)
        self.site.terminal.pass_time()

    @rule()
    def sweep(self) -> None:
        self.site.sweep()

    @rule()
    def deliver(self) -> None:
        self.site.deliver()

    @rule()
    def terminal_restarts(self) -> None:
        self.site.terminal.restart()

    @rule()
    def terminal_logs_in(self) -> None:
        self.up.append(self.site.terminal.login())

    @rule()
    def terminal_beats(self) -> None:
        self.up.append(self.site.terminal.beat())

    @rule()
    def terminal_leaves(self) -> None:
        self.up.append(self.site.terminal.leave())

    @rule()
    def button(self) -> None:
        self.site.terminal.press()
        self.up.append(self.site.terminal.beat())

    @rule(data=st.data(), fate=st.sampled_from(["cross", "cross", "cross", "repeat", "lose"]))
    def message_goes_down(self, data: st.DataObject, fate: str) -> None:
        self.down += self.site.leaving()
        if not self.down:
            return
        number = data.draw(st.integers(0, len(self.down) - 1))
        body = self.down[number] if fate == "repeat" else self.down.pop(number)
        if fate != "lose":
            self._hear(body)

    @rule(data=st.data(), fate=st.sampled_from(["cross", "cross", "cross", "repeat", "lose"]))
    def message_goes_up(self, data: st.DataObject, fate: str) -> None:
        if not self.up:
            return
        number = data.draw(st.integers(0, len(self.up) - 1))
        payload = self.up[number] if fate == "repeat" else self.up.pop(number)
        if fate != "lose":
            self.site.up(payload)

    @rule()
    def everything_crosses(self) -> None:
        self.down += self.site.leaving()
        for body in self.down:
            self._hear(body)
        for payload in self.up:
            self.site.up(payload)
        self.down, self.up = [], []
        self.site.deliver()

    @precondition(lambda self: not all(self.good.values()))
    @rule()
    def everything_is_restored(self) -> None:
        for what, good in self.good.items():
            if not good:
                self.something_is_revoked_or_restored(what)

    @rule(what=st.sampled_from(["certificate", "fire_watch", "machine"]))
    def something_is_revoked_or_restored(self, what: str) -> None:
        good = self.good[what] = not self.good[what]

        def change(unit: Any) -> None:
            if what == "certificate":
                for one in certificates.for_person(unit, self.site.welder.id):
                    certificates.set_status(unit, one, "normal" if good else "revoked")
            elif what == "fire_watch":
                person = people.get(unit, self.site.fire_watch.id)
                people.set_status(unit, person, "active" if good else "blocked")
            else:
                machine = machines.get(unit, self.site.machine.id)
                machines.set_status(unit, machine, "usable" if good else "locked")

        self.site.county.do(change)

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def one_open_job_at_most(self) -> None:
        if hasattr(self, "ground"):
            count = select(func.count()).where(Job.state.in_(OPEN))
            with self.ground.read() as unit:
                assert unit.db.scalar(count) <= 1

    @invariant()
    def only_presses_make_ons(self) -> None:
        if hasattr(self, "ground"):
            assert self._ons() == self.ons

    @invariant()
    def a_closed_relay_was_pressed_for(self) -> None:
        if hasattr(self, "ground") and self.site.terminal.relay:
            assert self.presses.get(self.site.terminal.job)

    def teardown(self) -> None:
        if not hasattr(self, "ground"):
            return
        try:
            self._calm_down()
            self._book_and_terminal_agree()
        finally:
            self.ground.close()
            shutil.rmtree(self.folder)

    def _hear(self, body: bytes) -> None:
        terminal, before = self.site.terminal, list(self.site.terminal.closings)
        answer = terminal.hear(body)
        if answer:
            self.up.append(answer)
        if terminal.closings != before:
            presses = self.presses[terminal.closings[-1]]
            assert self.clock.now <= presses[-1] + LIFE_MS, "closed long after the press"

    def _ons(self) -> int:
        """ON commands made, second tries counted with their first."""
        count = select(func.count(func.distinct(Command.of))).where(
            Command.name == "switch", Command.code == "1"
        )
        with self.ground.read() as unit:
            return unit.db.scalar(count)

    def _calm_down(self) -> None:
        """What is under way arrives or is lost; the terminal comes back; time passes."""
        for payload in self.up:
            self.site.up(payload)
        self.down += self.site.leaving()
        for body in self.down:
            answer = self.site.terminal.hear(body)
            if answer:
                self.site.up(answer)
        self.site.login()
        for _ in range(4):
            self.site.exchange()
            self.site.later(61)
        self.site.exchange()

    def _book_and_terminal_agree(self) -> None:
        terminal = self.site.terminal
        with self.ground.read() as unit:
            rows = list(unit.db.scalars(select(Job)))
            on = [job.id for job in rows if job.state == "on"]
            assert on == ([terminal.job] if terminal.relay else [])
            asked = [job for job in rows if job.state not in OPEN and job.asked_at]
            assert all(job.off_confirmed_at for job in asked)
            assert all(job.asked_on_at is None for job in rows)
            for district in {job.district for job in rows}:
                assert audit.verify(unit, district) is None


def test_whatever_happens_in_whatever_order(
    blank: Any, county: Any, clock: Any, site_maker: Any
) -> None:
    class Bound(OneMachine):
        lay = staticmethod(blank)
        make_county = staticmethod(type(county))
        make_clock = staticmethod(type(clock))
        make_site = staticmethod(site_maker)

    run_state_machine_as_test(
        Bound,
        settings=settings(
            max_examples=25,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
