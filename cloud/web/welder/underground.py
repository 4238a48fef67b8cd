"""The fire watch's phone underground: what it takes along, what it brings back. JSON only."""

from __future__ import annotations

import segno
from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.link import tickets
from cloud.link.strangers import whole
from cloud.web import fields, visitor
from cloud.web.trouble import bad_input
from cloud.web.welder import screen
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.carried import read_body
from cloud.web.welder.pages import person_of
from cloud.web.welder.scanned import job_at
from cloud.work import jobs
from cloud.work.job import profile_of
from cloud.work.refusal import Refusals

_ID = 32
_AHEAD_MS = 300_000  # so far a phone's clock may be before ours


@blueprint.post("/m/<code>/along")
def along(code: str) -> ResponseReturnValue:
    """The fire watch goes along (`job`): the secret, as letters and as a square (SVG), the ticket
    that stops, and how often (`every_s`, 0 = never) they show to be there."""
    job_id = fields.text("job", "job", limit=_ID)
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        job = job_at(unit, viewer, code, job_id)
        taken = jobs.take_along(unit, job, person_of(unit, viewer))
        if isinstance(taken, Refusals):
            return screen.refused(taken)
        facts = {
            "secret": taken.secret,
            "ticket": tickets.written(unit, taken.stop),
            "exp": taken.stop.exp,
            "site": job.site,
            "work": job.work,
            "every_s": profile_of(job).check_in_min * 60,
        }
    square = segno.make(taken.secret, error="m")
    facts["square"] = square.svg_inline(omitsize=True, border=3, light="#fff")
    return jsonify({"ok": True, "refusals": []} | facts)


@blueprint.post("/carried/watch")
def seen_below() -> ResponseReturnValue:
    """A check-in without network, brought later: `job`, `at` (epoch ms, by the phone's clock)."""
    told = read_body()
    at, job_id = whole(told, "at"), told.get("job")
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        job = jobs.by_id(unit, job_id) if isinstance(job_id, str) else None
        if job is None or at is None or not 0 < at < unit.now + _AHEAD_MS:
            raise bad_input(_("内容读不懂（%(word)s）。", word="watch"))
        if not jobs.seen_below(unit, job, person_of(unit, viewer), at):
            raise bad_input(_("没有这项作业。"))
    return jsonify({"ok": True})
