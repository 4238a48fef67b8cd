"""A machine's card: what it is, its last 24 hours as a picture, its last jobs and open alarms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy import select

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.cases import releases
from cloud.cases.alarms import IS_OPEN, Alarm
from cloud.cases.releases import Release
from cloud.link import terminals, traces
from cloud.registry import enterprises, people, places
from cloud.registry.people import Person
from cloud.web import visitor
from cloud.web.regulator import alarms, drawing, looking, overview
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import ALARM_KINDS, ALARM_STATES, STATES
from cloud.web.welder.scanned import machine_at, must_see
from cloud.web.welder.words import JOB_STATES
from cloud.work import jobs
from cloud.work.job import Job
from cloud.work.view import hands_of_all

_JOBS = 5


@blueprint.get("/m/<code>/card")
def card(code: str) -> str:
    """The card of a machine, for who may see it: its last jobs, and a day of its terminal."""
    with visitor.ground().read() as unit:
        machine = machine_at(unit, code)
        must_see(unit, visitor.signed_in(), machine)
        owner = enterprises.get(unit, machine.enterprise_id)
        terminal = terminals.get(unit, machine.device) if machine.device else None
        rows = select(Job, Person.name).join(Person, Person.id == Job.welder_id)
        last = rows.where(Job.machine_id == machine.id).order_by(Job.applied_at.desc())
        lanes = {"power": _("供电"), "arc": _("电弧"), "signal": _("信号")}
        said = _("最近 24 小时：供电、电弧和信号，每 15 分钟一格。")
        return render_template(
            "regulator/card.html",
            machine=machine,
            owner=owner.name if owner else "",
            place=places.name(unit, machine.district),
            trade=looking.trade_words()[machine.industry],
            online=bool(terminal and terminal.online and (terminal.deadline or 0) > unit.now),
            terminal=terminal,
            state=STATES[overview.state_of(machine, terminal, jobs.open_on(unit, machine.id))],
            picture=drawing.day(
                traces.of(unit, machine.device or ""),
                unit.now,
                traces.SLOT_MS,
                lanes | {"all": said},
            ),
            jobs=_worked(unit, unit.db.execute(last.limit(_JOBS))),
            alarms=alarms.rows(unit, (Alarm.machine_id == machine.id) & IS_OPEN, _JOBS),
            releases=[_named(unit, one) for one in releases.of_machine(unit, machine.id, _JOBS)],
            kinds=ALARM_KINDS,
            states=ALARM_STATES,
            job_words=JOB_STATES,
            query=looking.kept(),
            now=unit.now,
        )


def _worked(unit: Unit, rows: Iterable[Any]) -> list[tuple[Job, str, str, str]]:
    """(job, its welder, whom it was taken from, and by), names masked."""
    found = [(job, name) for job, name in rows]
    hands = hands_of_all(unit, [job for job, _name in found], None)
    return [(job, mask_name(name), *hands[job.id]) for job, name in found]


def _named(unit: Unit, release: Release) -> dict[str, Any]:
    person = people.get(unit, release.person_id) if release.person_id else None
    return {
        "at": release.began_at or release.heard_at,
        "person": mask_name(person.name) if person else "",
        "why": release.why,
    }
