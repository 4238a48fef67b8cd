"""Emergency releases 应急放开: the enterprise names who used each, and why."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.cases import releases
from cloud.cases.releases import NotEntitled, Release
from cloud.registry import machines, people
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import fields, paging, visitor
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.permits import name_for
from cloud.web.trouble import Trouble, bad_input, not_yours, wants_json

_LINE, _REASON = 64, 200


@blueprint.get("/enterprise/releases")
def release_list() -> str:
    """All emergency releases, the last one first."""
    with visitor.ground().read() as unit:
        person, firm = manager(unit)

        def read(limit: int, offset: int) -> list[dict[str, Any]]:
            found = releases.of_enterprise(unit, firm, limit, offset)
            return listed(unit, found, person)

        turned = paging.turned(read)
        return render_template("enterprise/releases.html", page=turned, now=unit.now)


@blueprint.post("/enterprise/releases/<id>")
def name(id: str) -> ResponseReturnValue:
    """Name the user of an emergency release: `login` = who it was, `words` = why."""
    login = fields.text("login", _("使用人账号"), limit=_LINE)
    why = fields.text("words", _("使用原因"), limit=_REASON)
    with visitor.ground().write() as unit:
        by, _firm = manager(unit)
        release, person = releases.get(unit, id), people.by_login(unit, login)
        if release is None:
            abort(404)
        try:
            why_not = releases.name(unit, release, by, person, why) if person else "stranger"
        except NotEntitled:
            raise not_yours() from None
    if why_not == "stranger":
        raise bad_input(_("本单位没有这个人，也没有与他的合同。"), "login")
    if why_not:
        todo = _("请刷新页面看现在的状态。")
        raise Trouble(409, "release-named", _("这次应急放开已经指认过。"), todo)
    if wants_json():
        return jsonify({"ok": True})
    after = request.form.get("next", "") or url_for("enterprise.release_list")
    return redirect(visitor.local_path(after), 303)


def listed(unit: Unit, found: list[Release], viewer: Person) -> list[dict[str, Any]]:
    """Releases as plain values, in their order."""
    unit.hold(Machine, (one.machine_id for one in found))
    unit.hold(Person, (id for one in found for id in (one.person_id, one.named_by)))
    return [_shown(unit, one, viewer) for one in found]


def _shown(unit: Unit, one: Release, viewer: Person) -> dict[str, Any]:
    machine = machines.get(unit, one.machine_id)
    return {
        "id": one.id,
        "machine": machine.name if machine else "",
        "code": machine.code if machine else "",
        "began": one.began_at,
        "ended": one.ended_at,
        "heard": one.heard_at,
        "person": name_for(unit, one.person_id, viewer),
        "named_by": name_for(unit, one.named_by, viewer),
        "why": one.why,
    }
