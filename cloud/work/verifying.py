"""It is the welder who signed in: an outside verifier says so, or the fire watch who looks (DL).

Nothing of a face comes here: the welder goes to the verifier by a one-time reference, and its
answer is yes or no about this person, step and nonce, good once and for `settings.face_s`. Nobody
is checked without separate consent to this one check, and nobody must be: who declines, or cannot,
is vouched for by the fire watch, who looks. Nothing waits for the verifier inside a transaction.
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.breaker import SourceDown
from cloud.base.database import Base
from cloud.base.unit import Ground, Unit
from cloud.registry import people
from cloud.registry.people import Person
from cloud.registry.verifier import FaceAnswer, FaceQuestion, FaceReply
from cloud.work import gather
from cloud.work import job as table
from cloud.work.decide import decide
from cloud.work.facts import UNPROVED, ProofFacts
from cloud.work.job import IS_OPEN, Job, profile_of
from cloud.work.refusal import Refusals

VERIFIER, FIRE_WATCH = "verifier", "fire-watch"
STEP = "on"  # what the check is for
_SKEW_MS = 60_000  # by how much the verifier's clock may be off


class FaceCheck(Base):
    """The face check of one job. `reference` and `page` are empty unless one is open, since
    `asked_at`. `why` = why the fire watch is asked to look: declined, down, no, late, many."""

    __tablename__ = "face_check"

    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(default="")
    page: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[int | None]
    tries: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(default="")


@dataclass(frozen=True)
class Heard:
    """What became of asking about `reference`; `reply` None = no answer."""

    reference: str
    reply: FaceReply | None = None


@dataclass(frozen=True)
class FaceView:
    """What a page shows: whether there is a verifier, where the welder goes and until when, and
    why the fire watch looks instead."""

    verifier: bool
    page: str = ""
    until: int | None = None
    why: str = ""


def get(unit: Unit, job_id: str) -> FaceCheck | None:
    return unit.db.get(FaceCheck, job_id, populate_existing=True)


def shown(unit: Unit, job: Job) -> FaceView:
    """How the face check of this job stands."""
    row = get(unit, job.id)
    if row is None:
        return FaceView(unit.has_verifier)
    until = (row.asked_at or 0) + unit.settings.face_s * 1000 if row.reference else None
    return FaceView(unit.has_verifier, row.page, until, row.why)


def looks(unit: Unit, job: Job) -> bool:
    """Whether the fire watch is asked to look and vouch."""
    row = get(unit, job.id)
    return not unit.has_verifier or (row is not None and bool(row.why))


# --- the welder ---------------------------------------------------------------------------------


def ask(unit: Unit, job: Job, welder: Person, consent: bool) -> Job | Refusals:
    """The welder agrees to this one face check; `begin` follows. The one before is void."""
    job, row, code = _of_welder(unit, job, welder)
    if not code and not consent:
        code = "face-consent"
    if not code and not unit.has_verifier:
        code = "face-down"
    if not code and row.tries >= unit.settings.face_tries:
        row.why, code = "many", "face-many"
    if code:
        return table.refused_for(unit, job, welder.id, "face", code)
    row.reference, row.page, row.asked_at = secrets.token_hex(16), "", unit.now
    row.tries += 1
    told = {"reference": row.reference, "consent": True}
    return table.move(
        unit, job, "face-asked", actor=welder.id, details=told, **table.NOTHING_REFUSED
    )


def begin(ground: Ground, welder_id: str) -> Job | Refusals:
    """Ask the verifier for the first time; from then on the page says where to go."""
    heard = inquire(ground, welder_id)
    with ground.write() as unit:
        job = _open_job(unit, welder_id)
        if job is None:
            return Refusals()
        return settle(unit, job, people.known(unit, welder_id), heard, first=True)


def inquire(ground: Ground, welder_id: str) -> Heard:
    """Ask the verifier about this welder's open check; it may take seconds, and writes nothing."""
    with ground.read() as unit:
        job = _open_job(unit, welder_id)
        row = get(unit, job.id) if job else None
        if job is None or row is None or not row.reference or ground.verifier is None:
            return Heard("")
        question = _question(unit, job, row)
    try:
        return Heard(question.reference, ground.verifier(question))
    except SourceDown:
        return Heard(question.reference)


def settle(
    unit: Unit, job: Job, welder: Person, heard: Heard, first: bool = False
) -> Job | Refusals:
    """What the verifier said becomes the job's; `first` = nobody expects an answer yet."""
    job, row, code = _of_welder(unit, job, welder)
    if job.face_by and job.welder_id == welder.id:
        return job
    if code or not row.reference or row.reference != heard.reference:
        return table.refused_for(unit, job, welder.id, "face", code or "wrong-step")
    if unit.now >= (row.asked_at or 0) + unit.settings.face_s * 1000:
        return _not_found(unit, job, row, "late")
    if heard.reply is None:
        row.why = "down"
        return table.refused_for(unit, job, welder.id, "face", "face-down")
    row.page = heard.reply.page
    answer = heard.reply.answer
    if answer is None:
        return job if first else table.refused_for(unit, job, welder.id, "face", "face-wait")
    if not _is_ours(unit, job, row, answer):
        return _not_found(unit, job, row, "late")
    if not answer.yes:
        return _not_found(unit, job, row, "no")
    told = {"reference": row.reference, "at": answer.at}
    _close(row)
    return _found(unit, job, VERIFIER, welder, "face-passed", told)


def decline(unit: Unit, job: Job, welder: Person) -> Job | Refusals:
    """The welder wants no face check: the fire watch looks instead. It costs nothing."""
    job, row, code = _of_welder(unit, job, welder)
    if code:
        return table.refused_for(unit, job, welder.id, "face", code)
    if row.why != "declined" or row.reference:
        _close(row)
        row.why = "declined"
        table.move(unit, job, "face-declined", actor=welder.id, **table.NOTHING_REFUSED)
    return job


# --- the fire watch -----------------------------------------------------------------------------


def vouch(
    unit: Unit, job: Job, person: Person, seen: bool, proof: ProofFacts = UNPROVED
) -> Job | Refusals:
    """The fire watch looked, and has `seen` that it is the welder whom the job names.

    Who may is judged by the rules of the fire watch's own step.
    """
    job = table.locked(unit, job)
    if job.face_by == FIRE_WATCH:
        return job
    if not waits(job) or not looks(unit, job):
        return table.refused_for(unit, job, person.id, "vouch", table.not_now(job))
    profile = profile_of(job)
    every = frozenset(tick.id for tick in profile.watch_checklist)  # ticked later
    claimed: dict[str, Any] = {"watch_ticks": every, "joint_photo": True, "proof": proof}
    claimed["face_by"] = FIRE_WATCH if seen else ""
    facts = gather.at_step(unit, "watch", job, person, **claimed)
    refusals = decide(facts, profile).refusals
    if refusals:
        return table.refused(unit, job, refusals, person.id, "vouch")
    row = get(unit, job.id)
    why = row.why if row and row.why else "no-verifier"
    if row is not None:
        _close(row)
    return _found(unit, job, FIRE_WATCH, person, "face-vouched", {"why": why})


def waits(job: Job) -> bool:
    """Whether finding that it is the welder is what this job waits for."""
    return profile_of(job).face and not job.face_by and job.state == "checked"


# --- both ---------------------------------------------------------------------------------------


def _of_welder(unit: Unit, job: Job, welder: Person) -> tuple[Job, FaceCheck, str]:
    """The job and its check, held; and why this is not a step of this person now, or empty."""
    job = table.locked(unit, job)
    row = get(unit, job.id) or FaceCheck(job_id=job.id, reference="", page="", tries=0, why="")
    if job.welder_id != welder.id:
        return job, row, "not-your-job"
    if not waits(job):
        return job, row, table.not_now(job)
    unit.db.add(row)
    return job, row, ""


def _open_job(unit: Unit, welder_id: str) -> Job | None:
    return unit.db.scalar(select(Job).where(Job.welder_id == welder_id, IS_OPEN))


def _question(unit: Unit, job: Job, row: FaceCheck) -> FaceQuestion:
    welder = people.known(unit, job.welder_id)
    return FaceQuestion(
        reference=row.reference,
        nonce=_nonce(unit, job, row),
        person=welder.id,
        step=STEP,
        name=welder.name,
        identity=people.identity(unit, welder),
    )


def _nonce(unit: Unit, job: Job, row: FaceCheck) -> str:
    """Of this job, person, step and reference, and of nothing else; kept nowhere."""
    return unit.keys.blind(f"face:{job.id}:{job.welder_id}:{STEP}:{row.reference}")


def _is_ours(unit: Unit, job: Job, row: FaceCheck, answer: FaceAnswer) -> bool:
    about = (answer.reference, answer.person, answer.step) == (row.reference, job.welder_id, STEP)
    nonce = hmac.compare_digest(answer.nonce.encode(), _nonce(unit, job, row).encode())
    fresh = (row.asked_at or 0) - _SKEW_MS <= answer.at <= unit.now + _SKEW_MS
    return about and nonce and fresh


def _not_found(unit: Unit, job: Job, row: FaceCheck, why: str) -> Refusals:
    """This check is over without a yes; `why` is also the refusal's word."""
    _close(row)
    row.why = why
    return table.refused_for(unit, job, job.welder_id, "face", f"face-{why}")


def _found(unit: Unit, job: Job, by: str, actor: Person, what: str, told: dict[str, Any]) -> Job:
    nothing = table.NOTHING_REFUSED
    return table.move(unit, job, what, actor=actor.id, details=told, face_by=by, **nothing)


def _close(row: FaceCheck) -> None:
    row.reference, row.page, row.asked_at = "", "", None
