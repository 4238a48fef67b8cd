"""Tickets for a terminal that only the technician's phone reaches: JSON only (docs/ble.md)."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.cases import installing
from cloud.registry import people
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.technician.acting import acted, entitled
from cloud.web.technician.blueprint import blueprint
from cloud.web.technician.record import own
from cloud.web.welder.carried import challenge_read, handed_out
from cloud.work import jobs

_DEVICE = 128


@blueprint.post("/technician/ticket")
def ticket() -> ResponseReturnValue:
    """A ticket for a function test or for service: `device`, `act`, `ch` (the challenge)."""
    device = fields.text("device", _("终端"), limit=_DEVICE)
    act = fields.choice("act", "act", ("test", "service"))
    challenge = challenge_read()
    with visitor.ground().write() as unit:
        person = people.get(unit, visitor.signed_in().id)
        assert person
        entitled(unit, person)
        made = jobs.ticket_for_technician(unit, person, device, act, challenge)
        return handed_out(unit, made)


@blueprint.post("/technician/records/<id>/ticket")
def test_ticket(id: str) -> ResponseReturnValue:
    """A ticket for the record's function test: `act` test or off, `ch`, and with off the `amps`
    that the phone read."""
    act = fields.choice("act", "act", ("test", "off"))
    challenge = challenge_read()
    amps = int(fields.digits("amps", _("测得电流"), count=4)) if act == "off" else 0

    def make(unit: Unit, me: Person) -> ResponseReturnValue:
        found = own(unit, id)
        if act == "test":
            made = installing.test_ticket(unit, found, me, challenge)
        else:
            made = installing.test_off_ticket(unit, found, me, challenge, amps)
        return handed_out(unit, made)

    return acted(make)
