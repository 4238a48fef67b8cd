"""Tickets for a terminal that only the technician's phone reaches: JSON only (docs/ble.md)."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.link import tickets
from cloud.registry import people
from cloud.web import fields, visitor
from cloud.web.technician.blueprint import blueprint
from cloud.web.trouble import bad_input
from cloud.web.welder.carried import handed_out
from cloud.work import jobs

_DEVICE = 128


@blueprint.post("/technician/ticket")
def ticket() -> ResponseReturnValue:
    """A ticket for a function test or for service: `device`, `act`, `ch` (the challenge)."""
    device = fields.text("device", _("终端"), limit=_DEVICE)
    act = fields.choice("act", "act", ("test", "service"))
    challenge = fields.text("ch", "ch", limit=16)
    if not tickets.CHALLENGE.fullmatch(challenge):
        raise bad_input(_("“%(label)s”里有不能使用的字符。", label="ch"))
    with visitor.ground().write() as unit:
        person = people.get(unit, visitor.signed_in().id)
        assert person
        made = jobs.ticket_for_technician(unit, person, device, act, challenge)
        return handed_out(unit, made)
