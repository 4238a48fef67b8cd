"""My jobs 我的作业: those in which the viewer welded or watched, and what is still to be done."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.registry import machines, staff
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import fields, paging, visitor
from cloud.web.trouble import Trouble, not_yours, wants_json
from cloud.web.welder import screen, words
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.pages import person_of
from cloud.work import jobs, listing
from cloud.work.job import Job, profile_of
from cloud.work.refusal import Refusals
from cloud.work.view import hands_of_all, refusals_of


@blueprint.get("/jobs")
def my_jobs() -> str:
    """The viewer's own jobs, the newest first."""
    with visitor.ground().read() as unit:
        person = person_of(unit, visitor.signed_in())

        def read(limit: int, offset: int) -> list[dict[str, Any]]:
            found = listing.of_person(unit, person.id, limit, offset)
            unit.hold(Machine, (one.machine_id for one in found))
            hands = hands_of_all(unit, found, person)
            return [_shown(unit, one, person, *hands[one.id]) for one in found]

        turned = paging.turned(read)
        now = unit.now
        ending = staff.ending(unit, person.id, china_day(now)) if "welder" in person.roles else []
    return render_template(
        "welder/my_jobs.html",
        page=turned,
        now=now,
        states=words.JOB_STATES,
        steps=words.STEPS,
        ending=ending,
    )


@blueprint.post("/jobs/<id>/clear")
def clear_mine(id: str) -> ResponseReturnValue:
    """Power is cut and the site is clear, also when somebody else works at the machine by now."""
    with visitor.ground().write() as unit:
        job, person = jobs.by_id(unit, id), person_of(unit, visitor.signed_in())
        if job is None:
            abort(404)
        if person.id not in (job.welder_id, job.fire_watch_id):
            raise not_yours()
        asked = {tick.id for tick in profile_of(job).clear_checklist}
        done = jobs.clear(unit, job, person, fields.ticks("ticks", _("检查项"), asked))
    if isinstance(done, Refusals):
        one = screen.told(done)[0]
        raise Trouble(422, one["code"], one["words"], one["todo"])
    return jsonify({"ok": True}) if wants_json() else redirect(url_for("welder.my_jobs"), 303)


def _shown(unit: Unit, job: Job, person: Person, taken_from: str, taken_by: str) -> dict[str, Any]:
    machine = machines.get(unit, job.machine_id)
    to_do = listing.to_do(job, person.id)
    ticks = profile_of(job).clear_checklist if to_do == "clear" else ()
    why = words.ended_because({"end_reason": job.end_reason})
    mine = job.refused_to == person.id and not job.end_reason
    return {
        "id": job.id,
        "machine": machine.name if machine else "",
        "code": machine.code if machine else "",
        "part": _("焊工") if person.id == job.welder_id else _("监护人"),
        "state": job.state,
        "site": job.site,
        "work": job.work,
        "planned_from": job.planned_from,
        "planned_until": job.planned_until,
        "applied_at": job.applied_at,
        "on_at": job.on_at,
        "ended_at": job.ended_at,
        "cleared_at": job.cleared_at,
        "why": why,
        "taken_from": taken_from,
        "taken_by": taken_by,
        "refusals": screen.told(refusals_of(job)) if mine and job.state == "refused" else [],
        "to_do": to_do,
        "unconfirmed": job.state == "ended" and job.off_confirmed_at is None,
        "ticks": [{"id": tick.id, "words": screen.words(tick.words)} for tick in ticks],
    }
