"""It is the welder: the face check by an outside verifier, or the fire watch who looks."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Ground, Unit
from cloud.registry.people import Person
from cloud.web import fields
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.steps import Outcome, acted_on_job, proved
from cloud.work import verifying
from cloud.work.job import Job


@blueprint.post("/m/<code>/face")
def face(code: str) -> ResponseReturnValue:
    """The welder agrees to this one face check; the page then says where to go."""
    consent = fields.flag("consent", _("同意"))

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        return verifying.ask(unit, job, person, consent)

    return acted_on_job(code, act, after=verifying.begin)


@blueprint.post("/m/<code>/face/result")
def face_result(code: str) -> ResponseReturnValue:
    """The welder was there: what does the verifier say?"""
    heard = verifying.Heard("")

    def inquire(ground: Ground, person_id: str) -> None:
        nonlocal heard
        heard = verifying.inquire(ground, person_id)

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        return verifying.settle(unit, job, person, heard)

    return acted_on_job(code, act, before=inquire)


@blueprint.post("/m/<code>/face/decline")
def face_decline(code: str) -> ResponseReturnValue:
    """No face check: the fire watch looks instead."""
    return acted_on_job(code, verifying.decline)


@blueprint.post("/m/<code>/vouch")
def vouch(code: str) -> ResponseReturnValue:
    """The fire watch looked: it is the welder whom the job names."""

    seen = fields.flag("seen", _("当面核对"))

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        return verifying.vouch(unit, job, person, seen, proved(unit, person))

    return acted_on_job(code, act)
