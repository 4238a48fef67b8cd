"""Reading: the page of a scanned machine, its state as JSON, and the field for a typed code."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from cloud.base.unit import Unit
from cloud.registry import maker_list, people
from cloud.registry.people import Person
from cloud.web import answers, visitor
from cloud.web.trouble import log_in_first
from cloud.web.visitor import Viewer
from cloud.web.welder import screen, words
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.draft import Drafts
from cloud.web.welder.scanned import guesses_counted, machine_at, must_see


@blueprint.get("/scan")
def scan() -> str:
    """Where a machine's code is typed."""
    return render_template("welder/scan.html")


@blueprint.get("/find")
def find() -> ResponseReturnValue:
    """From a typed code to the page of its machine."""
    with guesses_counted(visitor.signed_in()), visitor.ground().read() as unit:
        machine = machine_at(unit, request.args.get("code", ""))
    return redirect(url_for("welder.machine", code=machine.code), 303)


@blueprint.get("/m/<code>")
def machine(code: str) -> ResponseReturnValue:
    """One machine: its name and the log-in form, or for who is signed in the one next step."""
    viewer = visitor.viewer()
    with guesses_counted(viewer), visitor.ground().read() as unit:
        # The owner's first scan of a machine that its maker coded (CQ art. 7).
        if viewer and "enterprise" in viewer.roles and maker_list.waiting(unit, code):
            return redirect(url_for("activation.form", code=code), 303)
        found = machine_at(unit, code)
        if viewer is None:
            after = url_for("welder.machine", code=found.code)
            return render_template("welder/sign_in.html", machine=found, after=after, refused=None)
        if viewer.roles == {"technician"}:
            return redirect(url_for("technician.machine", code=found.code), 303)
        must_see(unit, viewer, found)
        shown = screen.seen_by(unit, found, person_of(unit, viewer))
        return _page(unit, viewer, shown)


@blueprint.get("/m/<code>/state")
def state(code: str) -> Response:
    """What the page shows, as JSON with an ETag; 304 while nothing has changed."""
    viewer = visitor.signed_in()
    with visitor.ground().read() as unit:
        found = machine_at(unit, code)
        must_see(unit, viewer, found)
        shown = screen.seen_by(unit, found, person_of(unit, viewer))
    return answers.unless_known(shown)


def person_of(unit: Unit, viewer: Viewer) -> Person:
    """The viewer's row in this unit; 401 if it is gone since."""
    person = people.get(unit, viewer.id)
    if person is None:
        raise log_in_first()
    return person


def drafts() -> Drafts:
    """What people ticked before the machine spoke."""
    return current_app.extensions["hanma_drafts"]


def _page(unit: Unit, viewer: Viewer, shown: dict[str, Any]) -> str:
    step, may_order_off = words.step(shown, viewer), words.may_order_off(viewer, shown)
    return render_template(
        "welder/machine.html",
        shown=shown,
        on_site=bool(viewer.roles & screen.ON_SITE),
        etag=answers.etag(shown),
        step=step,
        # Not under the hands of who writes a reason.
        reload_s=0 if may_order_off else words.reload_s(shown, step.sign, unit.now),
        ended_because=words.ended_because(shown),
        track=words.track(shown),
        machine_words=words.MACHINE,
        sources=words.SOURCES,
        face_why=words.FACE_WHY,
        ticked=drafts().of(visitor.session_token(), shown["job"]),
        may_order_off=may_order_off,
        settings=unit.settings,
        now=unit.now,
    )
