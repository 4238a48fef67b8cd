"""Reading one record: the page with its next step, the state for its script, pictures, the PDF."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, render_template, request
from flask_babel import gettext as _

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.book import media
from cloud.cases import service
from cloud.cases.installing import AGREEMENT
from cloud.cases.service import ServiceRecord
from cloud.link import reckoning, terminals
from cloud.registry import enterprises, machines
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import answers, visitor
from cloud.web.language import language
from cloud.web.technician import mine, words
from cloud.web.technician.blueprint import blueprint
from cloud.web.trouble import not_yours
from cloud.web.welder.pictures import gone
from cloud.work import testing

_QUICK_MS, _SLOW_MS = 1_000, 5_000  # while the terminal is to answer, and before


@blueprint.get("/technician/records/<id>")
def record(id: str) -> str:
    """The record with its next step, or `?step=` one that is to be corrected."""
    with visitor.ground().read() as unit:
        found = own(unit, id)
        shown = _shown(unit, found)
        machine = service.machine_of(unit, found)
        owner = enterprises.get(unit, machine.enterprise_id)
        step = shown["left"][0] if shown["left"] else ""
        wished = request.args.get("step", "")
        every = (*service.STEPS[found.kind], *service.ALSO[found.kind])
        if wished in every and not shown["finished"]:
            step = wished if wished not in ("acceptance", "document") else step
        return render_template(
            "technician/record.html",
            record=found,
            machine=machine,
            owner=owner.name if owner else "",
            shown=shown,
            etag=answers.etag(shown),
            step=step,
            steps=words.steps(),
            also_words=words.also(),
            order=service.STEPS[found.kind],
            also=service.ALSO[found.kind],
            kinds=words.kinds(),
            hardware=words.hardware(),
            labels=words.machine(),
            chosen={"supply": words.supplies(), "source": {"": "–"} | words.sources()},
            asked=service.ASKED,
            lacking=_("、").join(words.machine()[name] for name in shown["unasked"]),
            told=_described(unit, machine) if step == "machine" else {},
            wiring=words.wiring(),
            test_words=words.test(shown["test"]["state"], shown["test"]["measured"])
            if shown["test"]
            else "",
            failed=words.failed(shown["test"]["word"]) if shown["test"] else [],
            clauses=[one.en if language() == "en" else one.zh for one in AGREEMENT],
            device=mine.last_part(request.args.get("device", "")) or machine.device or "",
            now=unit.now,
        )


@blueprint.get("/technician/records/<id>/state")
def state(id: str) -> Response:
    """What the page shows, as JSON with an ETag; 304 while nothing has changed."""
    with visitor.ground().read() as unit:
        shown = _shown(unit, own(unit, id))
    return answers.unless_known(shown)


@blueprint.get("/technician/records/<id>/pictures/<digest>", defaults={"small": False})
@blueprint.get("/technician/records/<id>/pictures/<digest>/small", defaults={"small": True})
def picture(id: str, digest: str, small: bool) -> Response:
    """A picture of an own record."""
    with visitor.ground().read() as unit:
        told = service.read(unit, own(unit, id))
        if digest not in {one for _phase, one in told.pictures}:
            abort(404)
        content = _opened(unit, digest, small)
    return Response(content, mimetype="image/jpeg")


@blueprint.get("/technician/records/<id>/record.pdf")
def paper(id: str) -> Response:
    """The finished record: for its technician, the owner's enterprise, and the office."""
    with visitor.ground().read() as unit:
        found = service.get(unit, id)
        if found is None:
            abort(404)
        if not _may_read(unit, found, mine.person(unit)):
            raise not_yours()
        if not found.document:
            abort(404)
        content = _opened(unit, found.document, False)
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="hanma-{found.id[:12]}.pdf"'
    response.set_etag(found.document)
    return response


def own(unit: Unit, id: str) -> ServiceRecord:
    """The viewer's own record, or a 404 or 403."""
    found = service.get(unit, id)
    if found is None:
        abort(404)
    if found.technician_id != visitor.signed_in().id:
        raise not_yours()
    return found


def _may_read(unit: Unit, record: ServiceRecord, person: Person) -> bool:
    if person.id == record.technician_id or "office" in person.roles:
        return True
    machine = service.machine_of(unit, record)
    return "enterprise" in person.roles and person.enterprise_id == machine.enterprise_id


def _opened(unit: Unit, digest: str, small: bool) -> bytes:
    try:
        return media.opened(unit, digest, small=small)
    except media.MediaBroken:
        raise gone() from None


def _shown(unit: Unit, record: ServiceRecord) -> dict[str, Any]:
    """Plain values: what is written, what is left, how the test stands. Names masked."""
    told = service.read(unit, record)
    machine = service.machine_of(unit, record)
    row = terminals.get(unit, machine.device) if machine.device else None
    test = _test(unit, service.test_of(unit, record), told)
    left = service.left(unit, record)
    waits = _QUICK_MS if test and test["running"] else _SLOW_MS if left[:1] == ["test"] else 0
    return {
        "left": left,
        "finished": record.finished_at,
        "terminal": machine.device or "",
        "online": reckoning.reachable(row, unit.now),
        "pictures": {phase: told.phase(phase) for phase in (service.BEFORE, service.AFTER)},
        "entries": len(service.entries(unit, record)),
        "signed": {
            what: {
                "name": mask_name(service.opened_name(unit, told.last[what]["name"])),
                "drawn": bool(told.last[what]["signature"]),
            }
            for what in ("agreement", "acceptance")
            if what in told.last
        },
        "hardware": told.last.get("terminal", {}).get("hardware", ""),
        "seal": told.last.get("seal", {}).get("number", ""),
        "instead_of": told.last.get("terminal", {}).get("instead_of", ""),
        "work": told.last.get("work", {}),
        "unasked": service.unasked(unit, record),
        "test": test,
        "poll_ms": waits,
    }


def _described(unit: Unit, machine: Machine) -> dict[str, Any]:
    """What is known of the machine, as the form has it; the number masked, as it may come back."""
    told = {name: getattr(machine, name, "") for name in words.machine()}
    told["max_w"] = None if machine.max_w is None else f"{machine.max_w / 1000:g}"
    told["keeper_phone"] = machines.masked_phone(unit, machine, "keeper")
    return {name: "" if value is None else value for name, value in told.items()}


def _test(
    unit: Unit, test: testing.FunctionTest | None, told: service.Written
) -> dict[str, Any] | None:
    if test is None:
        return None
    state = testing.state(test, unit.now)
    return {
        "state": state,
        "running": state in testing.RUNNING,
        "amps": test.amps,
        "by_phone": service.read_by_phone(test, told),
        "measured": test.amps >= terminals.ARC_AMPS,
        "on_at": test.on_at,
        "off_at": test.off_at,
        "until": test.asked_at + testing.LEASE_S * 1000,
        "word": test.word,
    }
