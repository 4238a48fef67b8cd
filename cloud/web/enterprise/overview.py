"""The enterprise's one page: what waits for an answer comes before what only runs."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template
from sqlalchemy import func, select

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.cases import releases as cases
from cloud.registry import enterprises, staff
from cloud.registry.people import Person
from cloud.web import answers, permits, visitor
from cloud.web.enterprise import alarms, open_jobs, releases
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.regulator.words import ALARM_KINDS, ALARM_STATES
from cloud.web.welder.words import JOB_STATES
from cloud.work import permits as work
from cloud.work.permits import Permit

_SHOWN, _JOBS = 5, 10
POLL_MS = 10_000


@blueprint.get("/enterprise")
def overview() -> str:
    """The enterprise's first page: numbers, then the first few of each list."""
    with visitor.ground().read() as unit:
        told = shown(unit, *manager(unit))
        return render_template(
            "enterprise/overview.html",
            shown=told,
            etag=answers.etag(told),
            every=POLL_MS,
            grades=permits.GRADES,
            permit_states=permits.STATES,
            kinds=ALARM_KINDS,
            alarm_states=ALARM_STATES,
            job_states=JOB_STATES,
            now=unit.now,
        )


@blueprint.get("/enterprise/state")
def state() -> Response:
    """The first page as JSON with an ETag, for its poll."""
    with visitor.ground().read() as unit:
        return answers.unless_known(shown(unit, *manager(unit)))


def shown(unit: Unit, person: Person, firm: str) -> dict[str, Any]:
    """All of it as plain values."""
    waits = work.waiting(unit, firm)
    first = select(Permit).where(waits).order_by(Permit.window_from, Permit.id).limit(_SHOWN)
    own = enterprises.get(unit, firm)
    return {
        "name": own.name if own else "",
        "numbers": {
            "permits": unit.db.scalar(select(func.count()).select_from(Permit).where(waits)),
            "working": open_jobs.working(unit, firm),
            "alarms": alarms.unanswered(unit, firm),
            "papers": staff.near_end(unit, firm, china_day(unit.now)),
        },
        "permits": permits.listed(unit, first, person),
        "releases": releases.listed(
            unit, cases.of_enterprise(unit, firm, _SHOWN, unnamed=True), person
        ),
        "alarms": alarms.page_of(unit, firm, _SHOWN, 0, answered=False),
        "jobs": open_jobs.page_of(unit, firm, person, _JOBS, 0),
    }
