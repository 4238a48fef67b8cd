"""What a page shows of a machine and its job to one viewer: pages hold no decisions."""

from dataclasses import dataclass, field, replace

from cloud.base.formats import mask_name
from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.link import reckoning, terminals
from cloud.registry import people
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import (
    cylinders,
    exempting,
    extending,
    gather,
    handing,
    pictures,
    profiles,
    proving,
    underground,
    verifying,
)
from cloud.work import job as table
from cloud.work.job import BEFORE, OPEN, Job, check_in_due, profile_of
from cloud.work.pictures import JobPicture
from cloud.work.profiles import Profile
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse
from cloud.work.verifying import FaceView

_TIMES = (
    *("applied_at", "checked_at", "watched_at", "asked_on_at", "on_at", "paused_at"),
    *("planned_from", "planned_until"),
    *("lease_until", "ended_at", "off_confirmed_at", "cleared_at", "offered_at"),
)


_BEFORE_ON = ("apply", "check", "wait-watch", "watch", "on", "wait-on")
_PIN_STEPS = ("vouch", "watch", "on")


@dataclass(frozen=True)
class Offer:
    """A job that the viewer may take over: what it is, whose it was, and until when.

    `off` = it has no power any more, so that it can be taken over now.
    """

    job: str
    welder: str
    site: str
    work: str
    at: int
    until: int
    off: bool


@dataclass(frozen=True)
class JobView:
    """`step` = what this viewer does next, one of

    sign-in, apply, check, wait-check, face, wait-face, vouch, wait-watch, watch, on, wait-on,
    asked, off, stop, resume, clear, busy, look. `part` = welder, fire-watch or other. `state` is
    empty without a job.
    `wants_picture` = site or joint, the kind that this viewer may bring now, `pictures_wanted` how
    many still must come; `pictures` = (id, kind) of those there are, for who may see them.
    `times` (epoch ms) holds what is known, and watch_until, resume_until,
    check_in_until, clear_until. `missed` = check-ins of the fire watch that did not come.
    `extendable` = a later permit was approved, and a press now gives all of it or an hour.
    `along` = the fire watch goes underground too. `voucher` = what stands in for a permit.
    `face` = how the face check stands, for whom it concerns now.
    `wants_pin` = type or set, before this step.
    `before_on` = the id of a job before this one that is not known to be off yet: ON waits for
    that, and whoever is beside a dark terminal brings it the OFF by Bluetooth.
    `may_hand_over` = the viewer's job may go to another welder; `offer` = what the viewer may take
    over; `taken_from`, `taken_by` = the other welder of a job that changed hands.
    """

    profile: Profile
    machine: str
    machine_name: str
    machine_status: str
    online: bool
    relay: int | None
    step: str
    part: str
    job: str | None = None
    state: str = ""
    site: str = ""
    work: str = ""
    voucher: str = ""
    welder: str = ""
    fire_watch: str = ""
    wants_code: bool = False
    wants_pin: str = ""
    wants_picture: str = ""
    pictures_wanted: int = 0
    pictures: tuple[tuple[str, str], ...] = ()
    cylinder: bool = False
    end_reason: str = ""
    missed: int = 0
    extendable: bool = False
    may_hand_over: bool = False
    offer: Offer | None = None
    taken_from: str = ""
    taken_by: str = ""
    along: bool = False
    face: FaceView | None = None
    off_confirmed: bool = False
    before_on: str = ""
    times: dict[str, int] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=Refusals)


def view(unit: Unit, machine: Machine, person: Person | None, session: str = "") -> JobView:
    """The machine as this person (None = not signed in) sees it now. Changes nothing.

    `session` = on which phone, as far as the PIN is concerned.
    """
    job = job_for(unit, machine, person)
    row = terminals.get(unit, machine.device) if machine.device else None
    part = _part(job, person)
    bottle = machine.kind == "cylinder"
    profile = profile_of(job) if job else _profile_at(unit, machine)
    looks = job is not None and verifying.waits(job) and verifying.looks(unit, job)
    step = _step(job, profile, person, part, looks)
    before = gather.still_on(unit, machine) if step in _BEFORE_ON else None
    shown = JobView(
        profile=profile,
        machine=machine.code,
        machine_name=machine.name,
        machine_status=machine.status,
        online=bottle or reckoning.reachable(row, unit.now),
        cylinder=bottle,
        relay=row.relay if row else None,
        step=step,
        part=part,
        offer=_offer(unit, machine, person) if step == "apply" and person else None,
        before_on=before.id if before else "",
    )
    if job is None:
        return shown
    pin = proving.wanted(unit, person, session) if person and step in _PIN_STEPS else ""
    face = verifying.shown(unit, job) if step in ("face", "vouch") else None
    return replace(_with_job(unit, shown, job, person), wants_pin=pin, face=face)


def next_step(job: Job, profile: Profile) -> str:
    """What an open job waits for: check, face, watch, on, asked, off or resume."""
    if job.asked_on_at is not None:
        return "asked"
    if job.state in ("on", "paused"):
        return "off" if job.state == "on" else "resume"
    if profile.asks_check and job.state in ("applied", "permitted"):
        return "check"
    if verifying.waits(job):
        return "face"
    return "watch" if profile.asks_watch and job.state != "watched" else "on"


def _profile_at(unit: Unit, machine: Machine) -> Profile:
    """The rules under which a job would be opened here."""
    exempt = exempting.holds(unit, machine)
    bottle = machine.kind == "cylinder"
    return profiles.at(unit.settings.profile, machine.key_zone, exempt, bottle)


def job_for(unit: Unit, machine: Machine, person: Person | None) -> Job | None:
    """The open job of the machine, else the viewer's own last one there if it still matters."""
    running = cylinders.running_with(unit, machine)
    if running is not None or person is None:
        return running
    last = table.latest_of(unit, machine.id, person.id)
    if last is None or last.state == "ended":
        return last
    fresh = unit.now - last.state_at < unit.settings.clear_s * 1000
    return last if fresh else None


def _part(job: Job | None, person: Person | None) -> str:
    if job is None or person is None:
        return "other"
    if person.id == job.welder_id:
        return "welder"
    return "fire-watch" if person.id == job.fire_watch_id else "other"


def _step(job: Job | None, profile: Profile, person: Person | None, part: str, looks: bool) -> str:
    if person is None:
        return "sign-in"
    if job is None or job.state not in OPEN:
        if job is not None and job.state == "ended":
            return "clear"
        return "apply" if "welder" in person.roles else "look"
    waits = next_step(job, profile)
    if part == "welder":
        return "wait-watch" if waits == "watch" else waits
    if part == "fire-watch":
        return "stop" if job.state not in BEFORE else "wait-on"
    named = job.named_watch_id if profile.fire_watch_named else None
    if "fire_watch" not in person.roles or named not in (None, person.id):
        return "busy"
    if waits == "face":
        return "vouch" if looks else "wait-face"
    return {"watch": "watch", "check": "wait-check"}.get(waits, "busy")


def _with_job(unit: Unit, shown: JobView, job: Job, person: Person | None) -> JobView:
    times = {name: getattr(job, name) for name in _TIMES} | _ends(unit.settings, job)
    mine = person is not None and job.refused_to == person.id
    before, after = hands(unit, job, person)
    wants_code = shown.profile.presence and shown.step in ("check", "watch")
    kind = pictures.wanted(job, person) if person and shown.step in ("check", "watch") else ""
    seen = person is not None and pictures.seen_by(unit, job, person)
    taken = pictures.of_job(unit, job.id) if kind or seen else []
    return JobView(
        **shown.__dict__
        | {
            "job": job.id,
            "state": job.state,
            "site": job.site,
            "work": job.work,
            "voucher": table.vouched(job),
            "welder": _name(unit, job.welder_id, person),
            "fire_watch": _name(unit, job.fire_watch_id or job.named_watch_id, person),
            "wants_code": wants_code,
            "wants_picture": kind,
            "pictures_wanted": _still(taken, job, shown.profile, kind, person),
            "pictures": tuple((one.id, one.kind) for one in taken) if seen else (),
            "end_reason": job.end_reason,
            "may_hand_over": shown.part == "welder" and handing.may_hand_over(job),
            "taken_from": before,
            "taken_by": after,
            "extendable": shown.step == "off" and extending.offered(unit, job),
            "along": job.state in OPEN and underground.goes_along(unit, job),
            "missed": job.missed if job.state == "on" else 0,
            "off_confirmed": job.off_confirmed_at is not None,
            "times": {name: at for name, at in times.items() if at is not None},
            "refusals": refusals_of(job) if mine else Refusals(),
        }
    )


def _offer(unit: Unit, machine: Machine, person: Person) -> Offer | None:
    """The job here that this welder may take over."""
    job = handing.offered_on(unit, machine)
    if job is None or job.welder_id == person.id:
        return None
    return Offer(
        job=job.id,
        welder=_name(unit, job.welder_id, person),
        site=job.site,
        work=job.work,
        at=job.offered_at or 0,
        until=handing.good_until(unit.settings, job) or 0,
        off=not gather.job_still_on(unit, job),
    )


def _still(
    taken: list[JobPicture], job: Job, profile: Profile, kind: str, person: Person | None
) -> int:
    """How many pictures of this kind the viewer must still bring."""
    if not kind or person is None:
        return 0
    if kind == pictures.SITE:
        return max(0, profile.site_pictures - pictures.count(taken, kind))
    return 0 if pictures.joint_by(taken, job, person.id) else 1


def _ends(settings: Settings, job: Job) -> dict[str, int | None]:
    def after(at: int | None, seconds: int) -> int | None:
        return None if at is None else at + seconds * 1000

    return {
        "watch_until": after(job.watched_at, settings.watched_s),
        "resume_until": after(job.paused_at, settings.resume_s),
        "check_in_until": check_in_due(job),
        "clear_until": after(job.ended_at, settings.clear_s),
    }


def _name(unit: Unit, person_id: str | None, viewer: Person | None) -> str:
    person = people.get(unit, person_id) if person_id else None
    if person is None:
        return ""
    return person.name if viewer and viewer.id == person_id else mask_name(person.name)


def hands(unit: Unit, job: Job, viewer: Person | None) -> tuple[str, str]:
    """The welder before and the one after in a job that changed hands; names, or empty."""
    return hands_of_all(unit, [job], viewer)[job.id]


def hands_of_all(
    unit: Unit, found: list[Job], viewer: Person | None
) -> dict[str, tuple[str, str]]:
    """The same of a whole list, by job, without a question for each."""
    both = handing.hands(unit, found)
    unit.hold(Person, (id for pair in both.values() for id in pair))
    return {
        id: (_name(unit, before, viewer), _name(unit, after, viewer))
        for id, (before, after) in both.items()
    }


def refusals_of(job: Job) -> Refusals:
    """The refusals of its last try, with the words of the rules under which it was tried."""
    values, profile = job.refusal_values, profile_of(job)
    return Refusals(refuse(code, profile, values.get(code)) for code in job.refusals)
