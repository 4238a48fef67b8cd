"""The venue's code 场所码 on the machine page: shown to the welder, given in by the fire watch."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.registry.people import Person
from cloud.web import fields
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.steps import acted_on_job
from cloud.work import reviewing
from cloud.work.job import Job


@blueprint.post("/m/<code>/venue/show")
def show_venue(code: str) -> ResponseReturnValue:
    """A fresh code of the venue appears on the welder's page."""
    return acted_on_job(code, reviewing.show)


@blueprint.post("/m/<code>/venue")
def scan_venue(code: str) -> ResponseReturnValue:
    """The fire watch gives the venue's code in."""
    typed = fields.digits("venue", _("场所码"), count=6)

    def act(unit: Unit, job: Job, person: Person) -> Any:
        return reviewing.scan(unit, job, person, typed)

    return acted_on_job(code, act)
