"""Acting on one record: each step is a form of its own, and a half-done record waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.book import media, signatures
from cloud.book.signatures import BadSignature
from cloud.cases import installing, service, service_paper, service_sheet
from cloud.cases.service import ServiceRecord
from cloud.registry import machines
from cloud.registry.ledgers.fields import LIMIT, BadField, Hidden
from cloud.registry.ledgers.machines import Machines
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.language import language
from cloud.web.technician import words
from cloud.web.technician.acting import acted
from cloud.web.technician.blueprint import blueprint
from cloud.web.technician.mine import last_part
from cloud.web.technician.record import own
from cloud.web.trouble import bad_input, wants_json
from cloud.web.welder.pictures import taken_picture

_NAME, _SEAL, _DEVICE, _WORK = 40, 40, 200, 200
_COLUMNS = {column.name: column for column in Machines.columns}

Step = Callable[[Unit, ServiceRecord, Person], object]


@blueprint.post("/technician/records/<id>/agreement")
def agree(id: str) -> ResponseReturnValue:
    """The owner has read the agreement and signs it, before the work."""
    name, drawn = _signature()
    if not fields.flag("read", _("业主已阅读同意书")):
        raise bad_input(_("请业主先阅读同意书，再打勾。"))
    return _done(id, lambda u, r, me: installing.sign(u, r, me, "agreement", name, drawn))


@blueprint.post("/technician/records/<id>/picture")
def add_picture(id: str) -> ResponseReturnValue:
    """One picture, `phase` = before or after the work."""
    phase = fields.choice("phase", _("照片"), (service.BEFORE, service.AFTER))
    made = taken_picture("fitting")
    return _done(id, lambda u, r, me: installing.picture(u, r, me, phase, made))


@blueprint.post("/technician/records/<id>/terminal")
def fit(id: str) -> ResponseReturnValue:
    """The terminal that was fitted, by its code, and how it is wired."""
    device = last_part(fields.text("device", _("终端编号"), limit=_DEVICE))
    wired = fields.choice("hardware", _("接线方式"), service.HARDWARE)
    return _done(id, lambda u, r, me: installing.fit(u, r, me, device, wired))


@blueprint.post("/technician/records/<id>/seal")
def seal(id: str) -> ResponseReturnValue:
    """The number of the seal."""
    number = fields.text("number", _("封条编号"), limit=_SEAL)
    return _done(id, lambda u, r, me: installing.seal(u, r, me, number))


@blueprint.post("/technician/records/<id>/machine")
def describe(id: str) -> ResponseReturnValue:
    """What the survey asks of the machine: keeper, supply, use, and what stands on its plate."""
    labels = words.machine()
    given = {
        name: fields.text(name, label, limit=LIMIT, required=name in service.ASKED)
        for name, label in labels.items()
    }
    told = {name: _read(name, labels[name], text) for name, text in given.items()}
    if machines.lacks_note(told):
        raise bad_input(_("选了“其他”，要在备注里说明。"), "note")
    phone = told.pop("keeper_phone")

    def step(unit: Unit, record: ServiceRecord, me: Person) -> None:
        known = machines.phone(unit, service.machine_of(unit, record), "keeper")
        if isinstance(phone, Hidden) and not phone.hides(known):
            why = _("“%(label)s”要填完整的号码。", label=labels["keeper_phone"])
            raise bad_input(why, "keeper_phone")
        number = "" if isinstance(phone, Hidden) else phone
        installing.describe(unit, record, me, number, told)

    return _done(id, step)


def _read(name: str, label: str, text: str) -> Any:
    """What a column of the ledger of machines reads in a text."""
    try:
        return _COLUMNS[name].value(text)
    except BadField as error:
        why = error.said.en if language() == "en" else error.said.zh
        raise bad_input(_("“%(label)s”%(why)s", label=label, why=why), name) from None


@blueprint.post("/technician/records/<id>/work")
def work(id: str) -> ResponseReturnValue:
    """What was done in a repair, and which parts were changed."""
    done = fields.text("done", _("维修内容"), limit=_WORK)
    parts = fields.text("parts", _("更换配件"), limit=_WORK, required=False)
    return _done(id, lambda u, r, me: installing.work(u, r, me, done, parts))


@blueprint.post("/technician/records/<id>/test")
def test(id: str) -> ResponseReturnValue:
    """The relay closes for a minute at most."""
    return _done(id, installing.test)


@blueprint.post("/technician/records/<id>/test/off")
def test_off(id: str) -> ResponseReturnValue:
    """The relay opens again."""
    return _done(id, installing.test_off)


@blueprint.post("/technician/records/<id>/acceptance")
def accept(id: str) -> ResponseReturnValue:
    """The owner accepts the work; then the record is finished."""
    name, drawn = _signature()
    _done(id, lambda u, r, me: installing.sign(u, r, me, "acceptance", name, drawn))
    return _finished(id)


@blueprint.post("/technician/records/<id>/document")
def finish(id: str) -> ResponseReturnValue:
    """The document once more, where drawing it was cut short."""
    return _finished(id)


def _finished(id: str) -> ResponseReturnValue:
    """Draw the document, which takes its time, between two units."""
    with visitor.ground().read() as unit:
        found = own(unit, id)
        if found.finished_at is not None or service.left(unit, found) != ["document"]:
            return _answer(id)
        seen = len(service.entries(unit, found))
        sheet = service_paper.sheet(unit, found)
    pdf = service_sheet.draw(sheet)

    def keep(unit: Unit, me: Person) -> None:
        installing.finish(unit, own(unit, id), me, pdf, seen)

    acted(keep, "document")
    return _answer(id)


def _done(id: str, step: Step) -> ResponseReturnValue:
    acted(lambda unit, me: step(unit, own(unit, id), me) and None)
    return _answer(id)


def _answer(id: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify({"ok": True})
    return redirect(url_for("technician.record", id=id), 303)


def _signature() -> tuple[str, media.Ready | None]:
    """The owner's name, and what was drawn; without a script there is only the name."""
    name = fields.text("name", _("业主签字人姓名"), limit=_NAME)
    text = fields.text("signature", _("签名"), limit=100_000, required=False)
    if not text:
        return name, None
    try:
        return name, signatures.ready(signatures.of_data_url(text))
    except BadSignature as reason:
        raise bad_input(_words(str(reason))) from None


def _words(word: str) -> str:
    return {
        "too-long": _("签名图片太大，请清除后重新签。"),
        "too-large": _("签名图片太大，请清除后重新签。"),
        "empty": _("签名是空的，请在框里签名。"),
    }.get(word, _("签名图片损坏，请清除后重新签。"))
