"""Contracts and briefings 外包合同、安全交底: the client enters them, the welder confirms."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.registry import contracts, enterprises, people
from cloud.registry.contracts import KINDS, BadContract, Briefing, Contract
from cloud.registry.enterprises import Enterprise
from cloud.registry.people import Person
from cloud.web import fields, paging, visitor
from cloud.web.trouble import bad_input, log_in_first, not_yours, wants_json
from cloud.work import hiring
from cloud.work.hiring import NotEntitled

blueprint = Blueprint("contracts", __name__)
_LINE, _RISKS = 64, 200


def kind_words() -> dict[str, str]:
    """The kinds as they are shown."""
    return dict(zip(KINDS, (_("项目外包"), _("劳务外包"), _("临时用工")), strict=True))


@blueprint.get("/contracts")
def mine() -> str:
    """The client's contracts with a form for another one; a welder's own, to confirm."""
    viewer = visitor.signed_in()
    with visitor.ground().read() as unit:
        person = _person(unit, viewer.id)
        firm = person.enterprise_id if "enterprise" in person.roles else None
        page = paging.turned(lambda limit, offset: _given(unit, firm, limit, offset))
        held = contracts.of_welder(unit, person) if "welder" in person.roles else []
        taken = _taken(unit, held, person)
    return render_template(
        "contracts.html", page=page, taken=taken, client=bool(firm), kinds=kind_words()
    )


@blueprint.post("/contracts")
def make() -> ResponseReturnValue:
    """Enter one, with an enterprise (`uscc`) or a welder (`login`), and the agreement's digest."""
    labels = {
        "starts_on": _("合同开始日期"),
        "ends_on": _("合同结束日期"),
        "contractor": _("承包单位或个人"),
        "digest": _("安全协议文件"),
        "kind": _("合同类型"),
    }
    kind = fields.choice("kind", labels["kind"], KINDS)
    days = {n: fields.text(n, labels[n], limit=10) for n in ("starts_on", "ends_on")}
    uscc = fields.text("uscc", _("统一社会信用代码"), limit=_LINE, required=False)
    login = fields.text("login", _("焊工账号"), limit=_LINE, required=False)
    reference = fields.text("reference", _("合同编号"), limit=_LINE, required=False)
    digest = _digest(labels["digest"])
    with visitor.ground().write() as unit:
        firm = enterprises.by_uscc(unit, uscc) if uscc else None
        welder = people.by_login(unit, login) if login else None
        wrong = "uscc" if uscc and firm is None else ""
        if login and (welder is None or "welder" not in welder.roles):
            wrong = "login"
        if wrong:
            raise bad_input(_("没有登记这家单位或这位焊工。"), wrong)
        try:
            hiring.make(
                unit,
                _person(unit, visitor.signed_in().id),
                kind=kind,
                digest=digest,
                reference=reference,
                contractor_id=firm.id if firm else None,
                person_id=welder.id if welder else None,
                **days,
            )
        except BadContract as error:
            raise bad_input(
                _("“%(label)s”不对。", label=labels[error.field]), error.field
            ) from None
        except NotEntitled:
            raise not_yours() from None
    return _done()


@blueprint.post("/contracts/<id>/end")
def end(id: str) -> ResponseReturnValue:
    """The client ends a contract."""
    with visitor.ground().write() as unit:
        contract = _contract(unit, id)
        try:
            hiring.end(unit, contract, _person(unit, visitor.signed_in().id))
        except NotEntitled:
            raise not_yours() from None
    return _done()


@blueprint.post("/contracts/<id>/brief")
def brief(id: str) -> ResponseReturnValue:
    """The client briefs one welder of the contract: `login`, and the `risks` told."""
    login = fields.text("login", _("焊工账号"), limit=_LINE)
    risks = fields.text("risks", _("风险和措施"), limit=_RISKS)
    with visitor.ground().write() as unit:
        contract, welder = _contract(unit, id), people.by_login(unit, login)
        try:
            me = _person(unit, visitor.signed_in().id)
            done = hiring.brief(unit, contract, welder, me, risks) if welder else None
        except NotEntitled:
            raise not_yours() from None
        if done is None:
            raise bad_input(_("这份合同里没有这位焊工。"), "login")
    return _done()


@blueprint.post("/contracts/<id>/confirm")
def confirm(id: str) -> ResponseReturnValue:
    """The welder has understood the briefing."""
    with visitor.ground().write() as unit:
        me = _person(unit, visitor.signed_in().id)
        if not hiring.confirm(unit, _contract(unit, id), me):
            raise bad_input(_("发包单位还没有交底。"))
    return _done()


def _digest(label: str) -> str:
    """The document itself is not kept: its SHA-256 is, made here or by the client."""
    file = request.files.get("file")
    content = file.read() if file else b""
    if content:
        return hashlib.sha256(content).hexdigest()
    return fields.text("digest", label, limit=64, required=True).lower()


def _contract(unit: Unit, id: str) -> Contract:
    contract = contracts.get(unit, id)
    if contract is None:
        abort(404)
    return contract


def _person(unit: Unit, person_id: str) -> Person:
    person = people.get(unit, person_id)
    if person is None:
        raise log_in_first()
    return person


def _done() -> ResponseReturnValue:
    return jsonify({"ok": True}) if wants_json() else redirect(url_for("contracts.mine"), 303)


def _given(unit: Unit, firm: str | None, limit: int, offset: int) -> list[dict[str, Any]]:
    found = contracts.of_client(unit, firm, limit, offset) if firm else []
    told = contracts.briefings(unit, found)
    unit.hold(Enterprise, (one.contractor_id for one in found))
    briefed = (one.person_id for some in told.values() for one in some)
    unit.hold(Person, (*(one.person_id for one in found), *briefed))
    return [_shown(unit, one, told[one.id]) for one in found]


def _shown(unit: Unit, one: Contract, briefed: list[Briefing]) -> dict[str, Any]:
    firm = enterprises.get(unit, one.contractor_id) if one.contractor_id else None
    person = people.get(unit, one.person_id) if one.person_id else None
    return {
        "id": one.id,
        "kind": kind_words()[one.kind],
        "party": firm.name if firm else person.name if person else "",
        "login": person.login if person else "",
        "from": one.starts_on,
        "until": one.ends_on,
        "reference": one.reference,
        "digest": one.digest[:12],
        "ended": one.ended_at is not None,
        "briefed": [
            {"name": _name(unit, told.person_id), "confirmed": told.confirmed_at is not None}
            for told in briefed
        ],
    }


def _taken(unit: Unit, found: list[Contract], person: Person) -> list[dict[str, Any]]:
    """A welder's own, with the briefing that this welder was given."""
    unit.hold(Enterprise, (one.client_id for one in found))
    told = contracts.briefings(unit, found, person.id)
    return [_to_me(unit, one, next(iter(told[one.id]), None)) for one in found]


def _to_me(unit: Unit, one: Contract, told: Briefing | None) -> dict[str, Any]:
    client = enterprises.get(unit, one.client_id)
    return {
        "id": one.id,
        "kind": kind_words()[one.kind],
        "client": client.name if client else "",
        "from": one.starts_on,
        "until": one.ends_on,
        "risks": told.risks if told else "",
        "confirmed": bool(told and told.confirmed_at),
    }


def _name(unit: Unit, person_id: str) -> str:
    person = people.get(unit, person_id)
    return mask_name(person.name) if person else ""
