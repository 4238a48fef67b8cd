"""Reviews in key zones 重点区域: regulators judge the pictures of the site."""

from __future__ import annotations

from flask import Blueprint, abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.registry import machines, people
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.trouble import log_in_first, not_yours, wants_json
from cloud.web.welder import screen
from cloud.work import jobs, pictures, reviewing
from cloud.work.job import Job
from cloud.work.refusal import Refusals
from cloud.work.reviewing import NotEntitled

blueprint = Blueprint("reviews", __name__)
_REASON = 120


@blueprint.get("/reviews")
def waiting() -> str:
    """The jobs whose pictures wait for the viewer's judgement."""
    with visitor.ground().read() as unit:
        rows = [_shown(unit, job) for job in reviewing.waiting(unit, _me(unit))]
        now = unit.now
    return render_template("reviews.html", rows=rows, now=now)


@blueprint.post("/reviews/<id>")
def judge(id: str) -> ResponseReturnValue:
    """The pictures of a job are judged: `what` = pass, or refuse with `words`."""
    what = fields.choice("what", "what", ("pass", "refuse"))
    words = fields.text("words", _("原因"), limit=_REASON, required=what == "refuse")
    with visitor.ground().write() as unit:
        job = jobs.by_id(unit, id)
        if job is None:
            abort(404)
        try:
            done = reviewing.judge(unit, job, _me(unit), what == "pass", words)
        except NotEntitled:
            raise not_yours() from None
        refusals = screen.told(done) if isinstance(done, Refusals) else []
    if wants_json():
        return jsonify({"ok": not refusals, "refusals": refusals}), 409 if refusals else 200
    return redirect(url_for("reviews.waiting"), 303)


def _shown(unit: Unit, job: Job) -> dict[str, object]:
    machine = machines.get(unit, job.machine_id)
    row = reviewing.get(unit, job.id)
    kept = [one.id for one in pictures.of_job(unit, job.id) if one.kind == pictures.SITE]
    return {
        "id": job.id,
        "site": job.site,
        "work": job.work,
        "planned_from": job.planned_from,
        "planned_until": job.planned_until,
        "machine": machine.name if machine else "",
        "refused": row.refused if row else 0,
        "pictures": kept,
    }


def _me(unit: Unit) -> Person:
    person = people.get(unit, visitor.signed_in().id)
    if person is None:
        raise log_in_first()
    return person
