"""Who works now for the enterprise. It stops work by withdrawing the permit it stands on; ON and
OFF themselves belong to those on site and to officers."""

from __future__ import annotations

from typing import Any

from flask import render_template
from sqlalchemy import func, select

from cloud.base.unit import Unit
from cloud.registry import machines
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import paging, visitor
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.permits import name_for
from cloud.web.welder.words import JOB_STATES
from cloud.work import handing, listing, permits
from cloud.work import job as jobs
from cloud.work.job import Job
from cloud.work.permits import Permit


@blueprint.get("/enterprise/jobs")
def job_list() -> str:
    """All jobs, the newest first."""
    with visitor.ground().read() as unit:
        person, firm = manager(unit)
        turned = paging.turned(lambda limit, offset: page_of(unit, firm, person, limit, offset))
        return render_template(
            "enterprise/jobs.html", page=turned, job_states=JOB_STATES, now=unit.now
        )


def working(unit: Unit, firm: str) -> int:
    """How many are on or paused."""
    mine = listing.open_for(firm).subquery()
    rows = select(func.count()).select_from(mine)
    return unit.db.scalar(rows.where(mine.c.state.in_(("on", "paused")))) or 0


def page_of(
    unit: Unit, firm: str, person: Person, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Open jobs as plain values."""
    mine = listing.open_for(firm).subquery()
    newest = (mine.c.applied_at.desc(), mine.c.id.desc())
    ids = list(unit.db.scalars(select(mine.c.id).order_by(*newest).limit(limit).offset(offset)))
    found = {one.id: one for one in unit.db.scalars(select(Job).where(Job.id.in_(ids)))}
    unit.hold(Machine, (one.machine_id for one in found.values()))
    unit.hold(Person, (id for one in found.values() for id in (one.welder_id, one.fire_watch_id)))
    unit.hold(Permit, (one.permit_id for one in found.values()))
    beside = jobs.count_under(unit, [one.permit_id for one in found.values() if one.permit_id])
    hands = handing.hands(unit, list(found.values()))
    unit.hold(Person, (before for before, _after in hands.values()))
    return [_shown(unit, found[id], firm, person, beside, hands[id][0]) for id in ids]


def _shown(
    unit: Unit,
    job: Job,
    firm: str,
    person: Person,
    beside: dict[str, int],
    taken_from: str | None,
) -> dict[str, Any]:
    machine = machines.get(unit, job.machine_id)
    permit = permits.get(unit, job.permit_id) if job.permit_id else None
    stops = permit and "withdraw" in permits.acts(unit, permit, person)
    return {
        "id": job.id,
        "state": job.state,
        "machine": machine.name if machine else "",
        "code": machine.code if machine and machine.enterprise_id == firm else "",
        "site": job.site,
        "work": job.work,
        "voucher": jobs.vouched(job),
        "planned_from": job.planned_from,
        "planned_until": job.planned_until,
        "welder": name_for(unit, job.welder_id, person),
        "taken_from": name_for(unit, taken_from, person),
        "fire_watch": name_for(unit, job.fire_watch_id, person),
        "since": job.on_at or job.applied_at,
        "until": job.lease_until,
        "missed": job.missed if job.state == "on" else 0,
        "permit": permit.id if permit and stops else "",
        "beside": beside.get(permit.id, 0) if permit and stops else 0,
    }
