"""A technician's start: own records, a machine by its code, its label."""

from __future__ import annotations

import random
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.cases import service
from cloud.registry import enterprises, labels, machines, people
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.technician import words
from cloud.web.technician.acting import acted, entitled
from cloud.web.technician.blueprint import blueprint
from cloud.web.trouble import Trouble, log_in_first
from cloud.web.welder.scanned import machine_at

_SHOWN = 50
_REASON = 120
_DEVICE = 128


@blueprint.get("/technician")
def mine() -> str:
    """The own records, the unfinished first."""
    with visitor.ground().read() as unit:
        me = person(unit)
        rows = [_row(unit, one) for one in service.mine(unit, me, _SHOWN)]
        codes = [(one.code, one.until, one.why) for one in labels.replaced_by(unit, me.id, _SHOWN)]
        trained = _trained(unit, me)
        now = unit.now
    return render_template(
        "technician/mine.html",
        rows=rows,
        codes=codes,
        kinds=words.kinds(),
        trained=trained,
        now=now,
    )


@blueprint.get("/technician/find")
def find() -> ResponseReturnValue:
    """From a typed code, of a machine or of the terminal on it, to the machine's page."""
    typed = request.args.get("code", "").strip()
    with visitor.ground().read() as unit:
        machine = machines.by_device(unit, last_part(typed)) or machine_at(unit, last_part(typed))
    return redirect(url_for("technician.machine", code=machine.code), 303)


@blueprint.get("/technician/m/<code>")
def machine(code: str) -> str:
    """One machine: what can be done here."""
    with visitor.ground().read() as unit:
        found = machine_at(unit, code)
        owner = enterprises.get(unit, found.enterprise_id)
        return render_template(
            "technician/machine.html",
            machine=found,
            owner=owner.name if owner else "",
            trained=_trained(unit, person(unit)),
            worn=labels.history(unit, found.id),
            hotline=unit.settings.hotline,
            now=unit.now,
        )


@blueprint.post("/technician/m/<code>/begin")
def begin(code: str) -> ResponseReturnValue:
    """A new record of this machine, or the own one that is not finished."""
    kind = fields.choice("kind", _("种类"), service.KINDS)

    def act(unit: Unit, me: Person) -> str:
        return service.begin(unit, machine_at(unit, code), me, kind).id

    return redirect(url_for("technician.record", id=acted(act)), 303)


@blueprint.post("/technician/m/<code>/label")
def replace_label(code: str) -> ResponseReturnValue:
    """A fresh code for a label that was lost, copied or damaged; the old one opens nothing."""
    why = fields.text("why", _("更换原因"), limit=_REASON)

    def act(unit: Unit, me: Person) -> str:
        entitled(unit, me)
        found = machine_at(unit, code)
        old = found.code
        fresh = labels.replace(unit, found, why=why, by=me.id, rng=random.SystemRandom())
        told = {"old": old, "new": fresh}
        audit.write(unit, found.district, me.id, "label-replaced", found.id, told)
        return fresh

    return redirect(url_for("technician.machine", code=acted(act)), 303)


@blueprint.get("/technician/m/<code>/label.pdf")
def label(code: str) -> Response:
    """A machine's label to print or engrave."""
    from hardware import label as drawing

    with visitor.ground().read() as unit:
        entitled(unit, person(unit))
        found = machine_at(unit, code)
    settings = visitor.ground().settings
    url = f"{settings.base_url}/m/{found.code}"
    pdf = drawing.single([drawing.Label(found.code, url, settings.hotline)])
    return Response(pdf, mimetype="application/pdf")


@blueprint.get("/technician/wiring/<kind>.svg")
def wiring(kind: str) -> Response:
    """How the terminal is wired, as the manual shows it: drawn to be looked at on site."""
    from hardware import wiring as drawing

    if kind not in drawing.KINDS:
        abort(404)
    return Response(drawing.picture(kind), mimetype="image/svg+xml")


@blueprint.get("/t/<device>")
def terminal(device: str) -> ResponseReturnValue:
    """What the code on a terminal opens: its machine, or the own record that wants a terminal."""
    with visitor.ground().read() as unit:
        fitted = machines.by_device(unit, device[:_DEVICE])
        me = person(unit)
        wanting = [
            one
            for one in service.mine(unit, me, _SHOWN)
            if one.finished_at is None and "terminal" in service.left(unit, one)
        ]
    if len(wanting) == 1:
        return redirect(url_for("technician.record", id=wanting[0].id, device=device[:_DEVICE]))
    if fitted is None:
        raise Trouble(
            404,
            "terminal-not-fitted",
            _("这个终端还没有装在任何焊机上。"),
            _("请先扫焊机的二维码，开始安装记录，再扫终端。"),
        )
    return redirect(url_for("technician.machine", code=fitted.code), 303)


def last_part(scanned: str) -> str:
    """A code out of what a scanner gave: the code itself, or the address that ends with it."""
    return scanned.rstrip("/").rsplit("/", 1)[-1][:_DEVICE]


def person(unit: Unit) -> Person:
    """The viewer's row in this unit."""
    found = people.get(unit, visitor.signed_in().id)
    if found is None:
        raise log_in_first()
    return found


def _trained(unit: Unit, me: Person) -> bool:
    try:
        service.entitled(unit, me)
    except (service.NotTrained, service.NotEntitled):
        return False
    return True


def _row(unit: Unit, record: service.ServiceRecord) -> dict[str, Any]:
    of: Machine = service.machine_of(unit, record)
    return {
        "id": record.id,
        "kind": record.kind,
        "machine": of.name,
        "code": of.code,
        "at": record.made_at,
        "finished": record.finished_at,
    }
