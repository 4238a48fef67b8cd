"""What a phone carries between cloud and terminal by Bluetooth (docs/ble.md): JSON only.

A ticket goes out to who may have it. Receipts and journals come in from whoever brings them:
their macs say whose word they are.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.link import journal as journals
from cloud.link import terminals, tickets, wire
from cloud.link.strangers import NotReadable, read_object
from cloud.web import fields, visitor
from cloud.web.trouble import Trouble, bad_input
from cloud.web.welder import screen
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.pages import person_of
from cloud.web.welder.scanned import job_at
from cloud.web.welder.steps import proved
from cloud.work import jobs, papers
from cloud.work.refusal import Refusals

_ID = 32
_REASON = 120


@blueprint.post("/m/<code>/ticket")
def ticket(code: str) -> ResponseReturnValue:
    """A ticket to switch on or off: `act`, `job`, `ch` (the challenge; none = off-line), `pin`."""
    act = fields.choice("act", "act", ("on", "off"))
    job_id = fields.text("job", "job", limit=_ID)
    challenge = challenge_read(required=False)
    viewer = visitor.signed_in()
    if act == "on":
        papers.freshen(visitor.ground(), viewer.id)
    with visitor.ground().write() as unit:
        job, person = job_at(unit, viewer, code, job_id), person_of(unit, viewer)
        if act == "on":
            made = jobs.ticket_on(unit, job, person, challenge, proved(unit, person))
        else:
            made = jobs.ticket_off(unit, job, person, challenge)
        answer = handed_out(unit, made)
    return answer


@blueprint.post("/m/<code>/here")
def here(code: str) -> ResponseReturnValue:
    """A ticket that the terminal only answers, to prove that the phone is there: `job`, `ch`."""
    job_id, challenge = fields.text("job", "job", limit=_ID), challenge_read()
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        job, person = job_at(unit, viewer, code, job_id), person_of(unit, viewer)
        answer = handed_out(unit, jobs.ask_here(unit, job, person, challenge))
    return answer


@blueprint.post("/carried/receipt")
def receipt() -> ResponseReturnValue:
    """The terminal's own word about a ticket."""
    told = read_body()
    with visitor.ground().write() as unit:
        word = tickets.receipt(unit, told)
    if word != "receipt":
        raise bad_input(_("这不是终端的回执（%(word)s）。", word=word))
    return jsonify({"ok": True})


@blueprint.post("/carried/<device>/journal")
def journal(device: str) -> ResponseReturnValue:
    """A batch of the terminal's journal; `stored` is for the terminal, as it stands.

    What a revoked one wrote is evidence still, and authority no more."""
    paras = _batch()
    with visitor.ground().write() as unit:
        row = terminals.locked(unit, device)
        if row is None:
            raise Trouble(404, "terminal-unknown", _("没有这个终端。"))
        via = journals.PHONE if row.status == "active" else journals.REVOKED
        taken = journals.take(unit, row, paras, via=via)
        if taken.stored is None:
            raise bad_input(_("这不是终端的记录（%(word)s）。", word=taken.word))
        stored = journals.stored_body(unit, taken.stored).decode()
    return jsonify({"ok": True, "to": taken.stored["to"], "stored": stored})


def handed_out(unit: Unit, made: tickets.Ticket | Refusals) -> ResponseReturnValue:
    """A ticket as the phone takes it, or the refusals."""
    if isinstance(made, Refusals):
        return screen.refused(made)
    text = tickets.written(unit, made)
    facts = {"id": made.id, "exp": made.exp, "watched": bool(made.fw)}
    return jsonify({"ok": True, "refusals": [], "ticket": text} | facts)


def read_body() -> dict[str, Any]:
    try:
        return read_object(request.get_data())
    except NotReadable as reason:
        raise bad_input(_("内容读不懂（%(word)s）。", word=str(reason))) from None


def challenge_read(required: bool = True) -> str:
    """What the phone has just read from the terminal."""
    challenge = fields.text("ch", "ch", limit=16, required=required)
    if challenge and not tickets.CHALLENGE.fullmatch(challenge):
        raise bad_input(_("“%(label)s”里有不能使用的字符。", label="ch"))
    return challenge


def _batch() -> dict[str, Any]:
    """The batch itself, or out of the event's envelope in which the terminal sends it."""
    said = wire.read_up(request.get_data())
    return said.paras if isinstance(said, wire.TerminalEvent) else read_body()
