"""Jobs played through the rooms up to the press of ON: welder, fire watch and a light terminal."""

from dataclasses import dataclass

from cloud.base.unit import Ground, Unit
from cloud.bench import county
from cloud.book import media
from cloud.link import intake
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import jobs, profiles, proving
from cloud.work.job import Job
from cloud.work.refusal import Refusals
from simulator.light import LightTerminal
from simulator.phone import fresh_picture

_DIGITS = "零一二三四五六七八九"


class NotPlayed(Exception):
    """A step was refused; the codes."""


@dataclass
class Site:
    """One machine, its people and its terminal, which hears what the cloud sends to it."""

    ground: Ground
    place: county.Place
    terminal: LightTerminal

    @classmethod
    def of(cls, ground: Ground, place: county.Place, seed: str) -> "Site":
        """The terminal logs in."""
        secret = county.secret_of(seed, place.device)
        terminal = LightTerminal(place.device, secret, ground.clock())
        site = cls(ground, place, terminal)
        site.up(terminal.login(ground.clock()))
        return site

    def up(self, body: bytes) -> str:
        with self.ground.write() as unit:
            return intake.receive(unit, self.place.device, body)

    def down(self, body: bytes) -> None:
        """What the cloud sent; the answer goes up."""
        answer = self.terminal.hear(body, self.ground.clock())
        if answer is not None:
            self.up(answer)

    def to_watched(self) -> str:
        """Applied, checked and watched, codes typed as the machine speaks them; the job's id."""
        with self.ground.write() as unit:
            welder, machine = self._welder(unit), unit.db.get_one(Machine, self.place.machine)
            job = _good(jobs.apply(unit, welder, machine, "演示车间", "焊接支架", "动火票 1 号"))
        every = profiles.at(self.ground.settings.profile, False)
        for role in ("welder", "watch"):
            self._pictures(job, role)
            with self.ground.write() as unit:
                _good(jobs.ask_code(unit, job, self._person(unit, role)))
            typed = "".join(
                str(_DIGITS.index(one)) for one in self.terminal.spoken if one in _DIGITS
            )
            with self.ground.write() as unit:
                person = self._person(unit, role)
                if role == "welder":
                    ticks = {tick.id for tick in every.checklist}
                    _good(jobs.check(unit, job, person, typed, ticks, True))
                else:
                    ticks = {tick.id for tick in every.watch_checklist}
                    _good(jobs.watch(unit, job, person, typed, ticks, proving.later(unit)))
        return job.id

    def _pictures(self, job: Job, role: str) -> None:
        """As many as the page asks this person for."""
        with self.ground.read() as unit:
            machine = unit.db.get_one(Machine, self.place.machine)
            wanted = jobs.view(unit, machine, self._person(unit, role)).pictures_wanted
        for _ in range(wanted):
            ready = media.ready(fresh_picture(), "site")
            with self.ground.write() as unit:
                jobs.add_picture(unit, job, self._person(unit, role), ready)

    def off(self, job_id: str) -> None:
        with self.ground.write() as unit:
            job = unit.db.get_one(Job, job_id)
            _good(jobs.switch_off(unit, job, self._welder(unit)))

    def _welder(self, unit: Unit) -> Person:
        return self._person(unit, "welder")

    def _person(self, unit: Unit, role: str) -> Person:
        id = self.place.welder if role == "welder" else self.place.watch
        return unit.db.get_one(Person, id)


def _good(made: Job | Refusals) -> Job:
    if isinstance(made, Refusals):
        raise NotPlayed(" ".join(made.codes))
    return made
