"""For the office: who registered and waits to be let in, and certificates to confirm."""

from __future__ import annotations

from flask import abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.cases import entries, looks, registrations
from cloud.cases.registrations import NotEntitled
from cloud.registry import certificates, enterprises, people
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.accounts.registering import role_words
from cloud.web.office.blueprint import blueprint
from cloud.web.trouble import not_yours, wants_json
from cloud.web.welder.papers import shown

_SHOWN = 50
_REASON = 120


@blueprint.get("/office/registrations")
def waiting() -> str:
    """The first fifty who registered and wait, numbers masked."""
    words = role_words()
    with visitor.ground().read() as unit:
        rows = [_shown(unit, one, words) for one in people.waiting(unit, _SHOWN)]
        held = [shown(unit, one) for one in certificates.waiting(unit, _SHOWN)]
    return render_template("office/registrations.html", rows=rows, held=held)


@blueprint.post("/office/certificates/<id>")
def confirm(id: str) -> ResponseReturnValue:
    """The office has seen a certificate that its holder entered."""
    with visitor.ground().write() as unit:
        certificate = certificates.get(unit, id)
        if certificate is None:
            abort(404)
        office = people.get(unit, visitor.signed_in().id)
        assert office
        try:
            entries.confirm(unit, certificate, office)
        except NotEntitled:
            raise not_yours() from None
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("office.waiting"), 303)


@blueprint.post("/office/people/<id>/look")
def look(id: str) -> ResponseReturnValue:
    """One sealed number of one person in clear, for a reason; the look is recorded."""
    which = fields.choice("field", _("号码"), looks.FIELDS)
    why = fields.text("reason", _("原因"), limit=_REASON)
    with visitor.ground().write() as unit:
        person = people.get(unit, id)
        if person is None:
            abort(404)
        by = people.known(unit, visitor.signed_in().id)
        try:
            number = looks.field(unit, person, which, by, why)
        except looks.NotEntitled:
            raise not_yours() from None
        name = person.name
    if wants_json():
        return jsonify({"ok": True, which: number})
    return render_template("office/looked.html", name=name, number=number)


@blueprint.post("/office/registrations/<id>")
def decide(id: str) -> ResponseReturnValue:
    """Let in who registered (`what` = approve) or not (`refuse`, with a `reason`)."""
    what = fields.choice("what", "what", ("approve", "refuse"))
    reason = fields.text("reason", _("原因"), limit=_REASON, required=what == "refuse")
    with visitor.ground().write() as unit:
        person = people.get(unit, id)
        if person is None:
            abort(404)
        office = people.get(unit, visitor.signed_in().id)
        assert office
        try:
            if what == "approve":
                registrations.approve(unit, person, office)
            else:
                registrations.turn_down(unit, person, office, reason)
        except NotEntitled:
            raise not_yours() from None
        status = person.status
    if wants_json():
        return jsonify({"ok": True, "status": status})
    return redirect(url_for("office.waiting"), 303)


def _shown(unit: Unit, person: Person, words: dict[str, str]) -> dict[str, str]:
    firm = enterprises.get(unit, person.enterprise_id) if person.enterprise_id else None
    return {
        "id": person.id,
        "name": person.name,
        "identity": people.masked_identity(unit, person),
        "phone": people.masked_phone(unit, person),
        "roles": " ".join(words.get(role, role) for role in sorted(person.roles)),
        "firm": firm.name if firm else "",
        "district": person.district,
    }
