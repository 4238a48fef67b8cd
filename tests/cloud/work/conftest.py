"""A site: machine, terminal of paper, welder, fire watch; the cloud's own errands on request."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book import media, outbox
from cloud.book.audit import AuditRow
from cloud.book.outbox import Event
from cloud.link import commands, intake, terminals
from cloud.registry import contracts
from cloud.registry.machines import Machine
from cloud.registry.verifier import FaceAnswer, FaceQuestion, FaceReply
from cloud.work import jobs, profiles, verifying
from cloud.work.facts import ProofFacts
from cloud.work.job import Job
from simulator.phone import fresh_picture
from tests.cloud.stand_in import StandIn

_ABOUT = ("reference", "nonce", "person", "step")
DIGITS = "零一二三四五六七八九"
ALL = {"combustibles", "extinguishers", "briefing", "exits", "site", "stay", "power"}


@dataclass
class Site:
    """One machine with everything it takes; steps are played by name and each is committed."""

    county: Any
    sent: list[tuple[str, bytes]]
    enterprise: Any
    machine: Machine
    welder: Any
    fire_watch: Any
    terminal: StandIn
    read: int = 0

    @property
    def clock(self) -> Any:
        return self.county.clock

    @property
    def proof(self) -> ProofFacts:
        """The PIN, typed just now."""
        return ProofFacts(self.clock.now)

    # --- steps ----------------------------------------------------------------------------------

    def apply(self, welder: Any = None, voucher: str = "动火票 1 号", **other: Any) -> Any:
        who = welder or self.welder
        other.setdefault("fire_watch", self.fire_watch.id)
        return self.county.do(
            jobs.apply, who, self.machine, "演示车间", "焊接支架", voucher, **other
        )

    def code(self, job: Any, person: Any) -> str:
        """The code that the machine speaks for this person."""
        spoken = self.county.do(jobs.ask_code, job, person)
        assert not isinstance(spoken, jobs.Refusals), spoken.codes
        self.exchange()
        return "".join(str(DIGITS.index(d)) for d in self.terminal.spoken[-1] if d in DIGITS)

    def picture(self, job: Any, person: Any, raw: bytes | None = None) -> Any:
        """One more picture by this person, whatever comes of it."""
        return self.county.do(
            jobs.add_picture, job, person, media.ready(raw or fresh_picture(), "site")
        )

    def pictures(self, job: Any, person: Any) -> None:
        """As many as the page asks for."""
        for _ in range(self.view(person).pictures_wanted):
            self.picture(job, person)

    def check(self, job: Any, code: str | None = None, **other: Any) -> Any:
        self.pictures(job, self.welder)
        typed = self.code(job, self.welder) if code is None else code
        given = {"ticks": ALL, "ten_rules_read": True} | other
        return self.county.do(
            jobs.check, job, self.welder, typed, given["ticks"], given["ten_rules_read"]
        )

    def watch(self, job: Any, code: str | None = None, person: Any = None) -> Any:
        who = person or self.fire_watch
        self.pictures(job, who)
        typed = self.code(job, who) if code is None else code
        return self.county.do(jobs.watch, job, who, typed, ALL, self.proof)

    def verifier(self, **change: Any) -> list[FaceQuestion]:
        """A verifier that says yes, but for what `change` says; gives what it will be asked."""
        asked: list[FaceQuestion] = []

        def ask(question: FaceQuestion) -> FaceReply:
            asked.append(question)
            about = {name: getattr(question, name) for name in _ABOUT}
            yes = FaceAnswer(**about | {"yes": True, "at": self.clock.now} | change)
            return FaceReply("https://verifier.example/1", yes)

        self.county.ground.verifier = ask
        return asked

    def face(self, job: Any, consent: bool = True) -> Any:
        """The welder's face check, as far as it goes."""
        asked = self.county.do(verifying.ask, job, self.welder, consent)
        if isinstance(asked, jobs.Refusals):
            return asked
        return verifying.begin(self.county.ground, self.welder.id)

    def on(self, job: Any) -> Any:
        return self.county.do(jobs.switch_on, job, self.welder, self.proof)

    def off(self, job: Any, person: Any = None, reason: str = "") -> Any:
        return self.county.do(jobs.switch_off, job, person or self.welder, reason)

    def clear(self, job: Any, person: Any = None, ticks: set[str] = frozenset(ALL)) -> Any:
        return self.county.do(jobs.clear, job, person or self.welder, ticks)

    def checked(self) -> Any:
        return self.check(self.apply())

    def watched(self) -> Any:
        return self.watch(self.checked())

    def working(self) -> Any:
        """A job whose relay is closed."""
        job = self.on(self.watched())
        self.exchange()
        assert self.state(job) == "on"
        return job

    def hire(self, person: Any, *, briefed: bool = True, **given: Any) -> Any:
        """A contract of this site's enterprise with an outside welder, briefed if that is said."""
        days = {"starts_on": self.county.day(-1), "ends_on": self.county.day(30)}
        party = {} if "contractor_id" in given else {"person_id": person.id}
        made = {"client_id": self.enterprise.id, "kind": "labour", "digest": "ab" * 32}
        contract = self.county.do(contracts.add, **made | days | party | given)
        if briefed:
            told = self.county.do(contracts.brief, contract, person, person, "演示风险")
            self.county.do(lambda unit: contracts.confirm(unit, unit.db.merge(told)))
        return contract

    # --- the cloud's errands --------------------------------------------------------------------

    def up(self, payload: bytes) -> str:
        return self.county.do(intake.receive, self.terminal.device, payload)

    def login(self) -> None:
        self.up(self.terminal.login())
        self.deliver()

    def beat(self, **other: Any) -> None:
        self.up(self.terminal.beat(**other))
        self.deliver()

    def deliver(self) -> None:
        while outbox.deliver(self.county.ground, jobs.handlers()):
            pass

    def leaving(self) -> list[bytes]:
        fresh = [body for device, body in self.sent[self.read :] if device == self.terminal.device]
        self.read = len(self.sent)
        return fresh

    def down(self) -> list[bytes]:
        answers = [self.terminal.hear(body) for body in self.leaving()]
        return [answer for answer in answers if answer is not None]

    def exchange(self) -> None:
        """Everything crosses and is handled, until it is quiet."""
        self.deliver()
        while answers := self.down():
            for answer in answers:
                self.up(answer)
            self.deliver()

    def sweep(self) -> None:
        """What runs every second."""
        self.county.do(commands.sweep)
        self.county.do(intake.off_line)
        self.county.do(jobs.sweep)
        self.deliver()

    def later(self, seconds: float, *, beating: bool = True) -> None:
        """Time passes; the terminal beats and the cloud sweeps."""
        self.clock.forward(seconds)
        self.terminal.pass_time()
        if beating:
            self.beat()
        self.sweep()

    # --- looking --------------------------------------------------------------------------------

    def job(self, job: Any) -> Job:
        return self.county.ask(jobs.by_id, job.id)

    def state(self, job: Any) -> str:
        return self.job(job).state

    def view(self, person: Any) -> jobs.JobView:
        return self.county.ask(jobs.view, self.machine, person)

    def audit(self, *skip: str) -> list[str]:
        """What the book says happened, oldest first."""
        rows = select(AuditRow.what).order_by(AuditRow.district, AuditRow.seq)
        words = self.county.ask(lambda unit: list(unit.db.scalars(rows)))
        return [word for word in words if word not in skip]

    def events(self, *kinds: str) -> list[Event]:
        rows = select(Event).where(Event.kind.in_(kinds)).order_by(Event.id)
        return self.county.ask(lambda unit: list(unit.db.scalars(rows)))

    def switches(self) -> list[str]:
        """The codes of the switch commands ever made, oldest first."""
        rows = select(commands.Command).order_by(commands.Command.n)
        made = self.county.ask(lambda unit: list(unit.db.scalars(rows)))
        return [one.code for one in made if one.name == "switch"]


def make_site(county: Any, sent: list[tuple[str, bytes]], device: str) -> Site:
    enterprise = county.enterprise()
    secret = county.do(terminals.provision, device)
    terminal = StandIn(device, secret, county.clock)
    site = Site(
        county,
        sent,
        enterprise,
        county.machine(enterprise, device),
        county.welder(enterprise),
        county.fire_watch(enterprise),
        terminal,
    )
    site.login()
    return site


@pytest.fixture
def site_maker() -> Any:
    """`make_site`, for a test that needs more than one ground."""
    return make_site


@pytest.fixture
def site(county: Any, sent: list[tuple[str, bytes]]) -> Site:
    return make_site(county, sent, "HM-990101-000001")


@pytest.fixture
def other_site(county: Any, sent: list[tuple[str, bytes]]) -> Site:
    return make_site(county, sent, "HM-990101-000002")


@pytest.fixture
def chongqing() -> profiles.Profile:
    return profiles.load("chongqing")
