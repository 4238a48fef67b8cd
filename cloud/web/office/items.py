"""One row of a register: its fields, what belongs to it, its history, the acts there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.book.audit import AuditRow
from cloud.cases import entries, registrations
from cloud.cases.registrations import NotEntitled
from cloud.oversight import registers
from cloud.registry import (
    certificates,
    departments,
    enterprises,
    machines,
    people,
    places,
    sight,
    sites,
    standing,
)
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.office import trail, words
from cloud.web.office.blueprint import blueprint
from cloud.web.office.registers import issuer_word, paper_state, role_names
from cloud.web.regulator import looking
from cloud.web.shown import clock_time
from cloud.web.technician import words as plate
from cloud.web.trouble import Trouble, bad_input, not_yours, wants_json
from cloud.web.welder import screen
from cloud.web.welder.pages import person_of
from cloud.web.welder.scanned import machine_at, must_see, sees
from cloud.work import orders, soundness
from cloud.work.refusal import Refusals

_HISTORY, _PART = 30, 50
_REASON, _LINE = 120, 64
_LOCKS = {"usable": ["lock"], "locked": ["unlock"]}
ASSIGNABLE = people.ROLES - {"platform"}  # a platform's account belongs to its key

Facts = list[tuple[str, Any]]
Links = list[tuple[str | None, str]]  # where it leads, what it says


@blueprint.get("/registers/machines/<code>")
def machine(code: str) -> str:
    """A machine or cylinder, every field of the survey."""
    with visitor.ground().read() as unit:
        one = machine_at(unit, code)
        must_see(unit, visitor.signed_in(), one)
        firm = enterprises.get(unit, one.enterprise_id)
        who = person_of(unit, visitor.signed_in())
        locks = _LOCKS.get(one.status, []) if one.device else []
        return render_template(
            "office/machine.html",
            machine=one,
            acts=[*locks, *soundness.open_to(unit, one, who)],
            words=words.STANDING,
            title=one.name,
            code=one.code,
            facts=_machine_facts(unit, one),
            parts=[(_("作业单位"), _firm_link(firm)), (_("状态变更"), _standing(unit, one))],
            history=history(unit, one.id),
            doors=_machine_doors(one),
            back=url_for("office.machines"),
        )


@blueprint.post("/registers/machines/<code>/status")
def machine_status(code: str) -> ResponseReturnValue:
    """`what` = lock, unlock, unsafe, sound or scrapped, with a `reason`; scrapped wants `sure`."""
    what = fields.choice("what", _("设备状态"), words.STANDING)
    reason = fields.text("reason", _("原因"), limit=_REASON)
    if what == "scrapped" and not fields.flag("sure", _("我确认报废")):
        raise bad_input(_("请先勾选“我确认报废”。"), "sure")
    viewer = visitor.signed_in()
    with visitor.ground().write() as unit:
        one = machine_at(unit, code)
        must_see(unit, viewer, one)
        who = person_of(unit, viewer)
        order = soundness.find if what in soundness.FINDINGS else orders.order
        try:
            result = order(unit, one, who, what, reason)
        except orders.NotEntitled:
            raise not_yours() from None
        status, seen = one.status, sees(unit, viewer, one)
    if isinstance(result, Refusals):
        (why,) = result
        raise Trouble(409, why.code, screen.words(why.words), _("请刷新页面看现在的状态。"))
    # Who saw it for a job that is over now sees it no more.
    back = url_for("office.machine", code=one.code) if seen else url_for("regulator.status")
    return done(back, status=status)


@blueprint.get("/registers/enterprises/<id>")
def enterprise(id: str) -> str:
    """An enterprise with its sites and people."""
    with visitor.ground().read() as unit:
        one = _seen_firm(unit, id)
        rows = select(Person).where(Person.enterprise_id == id).order_by(Person.id).limit(_PART)
        staff: Links = [
            (url_for("office.person", id=who.id), f"{who.name} · {role_names(who.roles)}")
            for who in unit.db.scalars(rows)
        ]
        grounds: Links = [(None, site.name) for site in sites.of_enterprise(unit, id)[:_PART]]
        return render_template(
            "office/item.html",
            title=one.name,
            code=one.uscc,
            facts=_firm_facts(unit, one),
            parts=[(_("人员"), staff), (_("工地"), grounds)],
            history=history(unit, id),
            doors=[
                (url_for("office.machines", q=one.uscc), _("它的电焊机")),
                (url_for("regulator.status", firm=one.uscc), _("它的状态和地图")),
            ],
            back=url_for("office.enterprises"),
        )


@blueprint.get("/registers/people/<id>")
def person(id: str) -> str:
    """A person, numbers masked, with certificates; the office may open a number, shut or open."""
    with visitor.ground().read() as unit:
        one = _seen_person(unit, id)
        held: Links = [
            (url_for("office.certificate", id=paper.id), _paper_line(unit, paper))
            for paper in certificates.for_person(unit, id)
        ]
        firm = enterprises.get(unit, one.enterprise_id) if one.enterprise_id else None
        return render_template(
            "office/person.html",
            title=one.name,
            code="",
            facts=_person_facts(unit, one),
            parts=[(_("操作证"), held), (_("作业单位"), _firm_link(firm))],
            history=history(unit, id),
            doors=[],
            back=url_for("office.persons"),
            person=one,
            office="office" in visitor.signed_in().roles,
            assignable={name: word for name, word in words.ROLES.items() if name in ASSIGNABLE},
            posts=departments.every(unit),
            posted=departments.of(unit, id),
        )


@blueprint.post("/registers/people/<id>/status")
def person_status(id: str) -> ResponseReturnValue:
    """`what` = block, with a `reason`, or open again."""
    what = fields.choice("what", "what", ("block", "open"))
    reason = fields.text("reason", _("原因"), limit=_REASON, required=what == "block")
    with _judging(id) as (unit, one, office):
        if what == "block":
            registrations.block(unit, one, office, reason)
        else:
            registrations.approve(unit, one, office)
        status = one.status
    return done(url_for("office.person", id=id), status=status)


@blueprint.post("/registers/people/<id>/roles")
def person_roles(id: str) -> ResponseReturnValue:
    """Other `roles` for an account, with a `reason`; an officer's `department`."""
    roles = frozenset(fields.ticks("roles", _("角色"), ASSIGNABLE))
    reason = fields.text("reason", _("原因"), limit=_REASON)
    post = fields.text("department", _("部门"), limit=_LINE, required=False)
    with _judging(id) as (unit, one, office):
        turned = registrations.change_roles(unit, one, office, roles, reason, post)
    if turned is not None:
        raise bad_input(str(words.ROLES_TURNED[turned.field]), turned.field)
    return done(url_for("office.person", id=id), roles=sorted(roles))


@contextmanager
def _judging(id: str) -> Iterator[tuple[Unit, Person, Person]]:
    """To write: the person of this id (or 404), and the account of the office that judges (or
    403)."""
    with visitor.ground().write() as unit:
        one = people.get(unit, id)
        if one is None:
            abort(404)
        try:
            yield unit, one, person_of(unit, visitor.signed_in())
        except NotEntitled:
            raise not_yours() from None


@blueprint.get("/registers/certificates/<id>")
def certificate(id: str) -> str:
    """A certificate, its number masked; the office may confirm it or change its state."""
    with visitor.ground().read() as unit:
        one = certificates.get(unit, id)
        if one is None:
            abort(404)
        holder = _seen_person(unit, one.person_id)
        _own(one)
        link = (url_for("office.person", id=holder.id), holder.name)
        return render_template(
            "office/certificate.html",
            title=one.category,
            code=certificates.masked_number(unit, one),
            facts=_paper_facts(unit, one),
            parts=[(_("持证人"), [link])],
            history=[],
            doors=[],
            back=url_for("office.certificates"),
            paper=one,
            states=words.PAPERS,
            office="office" in visitor.signed_in().roles,
        )


@blueprint.post("/registers/certificates/<id>/status")
def certificate_status(id: str) -> ResponseReturnValue:
    """`status` = what its issuer told the office."""
    status = fields.choice("status", _("证件状态"), certificates.STATUSES)
    with visitor.ground().write() as unit:
        one = certificates.get(unit, id)
        if one is None:
            abort(404)
        try:
            entries.set_status(unit, one, person_of(unit, visitor.signed_in()), status)
        except NotEntitled:
            raise not_yours() from None
    return done(url_for("office.certificate", id=id), status=status)


def done(address: str, **told: Any) -> ResponseReturnValue:
    """An act is done: to the page at this address, which a program is told as `next`."""
    if wants_json():
        return jsonify({"ok": True, "next": address, **told})
    return redirect(address, 303)


def _machine_doors(one: Machine) -> Links:
    doors: Links = [(url_for("regulator.card", code=one.code), _("今天的情况和作业"))]
    doors.append((url_for("welder.machine", code=one.code), _("打开这台焊机")))
    if one.device and "office" in visitor.signed_in().roles:
        doors.append((url_for("office.terminal", device=one.device), _("它的终端")))
    return doors


def _standing(unit: Unit, one: Machine) -> Links:
    changes = standing.history(unit, one.id, _HISTORY)
    unit.hold(Person, (row.who for row in changes))
    return [
        (None, f"{clock_time(row.at, unit.now)} · {words.STANDING[row.act][0]} · {told}")
        for row in changes
        for who in [people.get(unit, row.who)]
        for told in [" · ".join(filter(None, (row.why, mask_name(who.name) if who else "")))]
    ]


def _firm_link(firm: Enterprise | None) -> Links:
    return [(url_for("office.enterprise", id=firm.id), firm.name)] if firm else []


def _paper_line(unit: Unit, paper: Certificate) -> str:
    until = certificates.last_day(paper).isoformat()
    number = certificates.masked_number(unit, paper)
    return f"{paper.category} · {number} · {until} · {paper_state(paper)}"


def _seen_person(unit: Unit, id: str) -> Person:
    """The person, if they belong to the viewer's district."""
    found = people.get(unit, id)
    if found is None:
        abort(404)
    _inside(found.district)
    return found


def _seen_firm(unit: Unit, id: str) -> Enterprise:
    found = enterprises.get(unit, id)
    if found is None:
        abort(404)
    _inside(found.district)
    return found


def _inside(district: str) -> None:
    """A 403 unless the district lies in the viewer's subtree."""
    eyes = visitor.signed_in().eyes
    if eyes is None or not sight.Sight(eyes.root).covers("", district):
        raise not_yours()


def _own(paper: Certificate) -> None:
    """A 403 unless its issuer is of the viewer's trade."""
    eyes = visitor.signed_in().eyes
    if eyes is None or not registers.issued_for(eyes, paper.issuer):
        raise not_yours()


def _machine_facts(unit: Unit, one: Machine) -> Facts:
    trades = dict(zip(INDUSTRIES, looking.trade_words().values(), strict=True))
    bounds = [(_("最大电流安数"), one.mains_max_a, "A"), (_("焊机最大电流"), one.max_a, "A")]
    return [
        (_("设备状态"), words.MACHINES[one.status]),
        (_("辖区"), f"{places.name(unit, one.district)} {one.district}"),
        (_("监管领域"), trades[one.industry]),
        (_("终端"), one.device),
        (_("安装时间"), clock_time(one.fitted_at, unit.now) if one.fitted_at else ""),
        (_("重点区域"), _yes(one.key_zone)),
        (_("流动焊机"), _yes(one.mobile)),
        (_("设备分类"), one.category),
        (_("生产厂家"), one.maker),
        (_("型号"), one.model),
        (_("出厂编号"), one.serial),
        (_("焊机用电类型"), plate.supplies().get(one.supply)),
        (_("电源类型"), plate.sources().get(one.source)),
        *((name, f"{value} {sign}" if value else "") for name, value, sign in bounds),
        (_("焊机最大功率"), f"{one.max_w / 1000:g} kW" if one.max_w else ""),
        (_("作业用途"), one.purpose),
        (_("应用行业"), one.trade),
        (_("责任人"), _named(one.keeper, machines.masked_phone(unit, one, "keeper"))),
        (_("填表人"), _named(one.filled_in_by, machines.masked_phone(unit, one, "filled_in_by"))),
        (_("购置日期"), one.bought_on),
        (_("备注"), one.note),
    ]


def _firm_facts(unit: Unit, one: Enterprise) -> Facts:
    return [
        (_("企业类型"), looking.firm_words()[one.kind]),
        (_("企业规模"), words.SCALES.get(one.scale)),
        (_("辖区"), f"{places.name(unit, one.district)} {one.district}"),
        (_("负责人"), _named(one.principal, enterprises.masked_phone(unit, one, "principal"))),
        (_("联系人"), _named(one.contact, enterprises.masked_phone(unit, one, "contact"))),
        (_("人员密集场所子类"), one.crowded_place),
        (_("电焊设备数量（自报）"), one.machines_told),
        (_("特种作业人员数量（自报）"), one.workers_told),
        (_("豁免原因"), one.exempt),
    ]


def _person_facts(unit: Unit, one: Person) -> Facts:
    return [
        (_("角色"), role_names(one.roles)),
        (_("状态"), words.PEOPLE[one.status]),
        (_("账号"), one.login),
        (_("公民身份号码"), people.masked_identity(unit, one)),
        (_("手机号码"), people.masked_phone(unit, one)),
        (_("辖区"), f"{places.name(unit, one.district)} {one.district}"),
        (_("登记时间"), clock_time(one.made_at, unit.now)),
        (_("审核意见"), one.judged_why),
    ]


def _paper_facts(unit: Unit, one: Certificate) -> Facts:
    asked = clock_time(one.answered_at, unit.now) if one.answered_at else ""
    return [
        (_("证件状态"), paper_state(one)),
        (_("发证部门"), issuer_word(one.issuer)),
        (_("有效期起"), one.valid_from),
        (_("有效期止"), one.valid_to),
        (_("应复审日期"), one.review_by),
        (_("登记或核验时间"), clock_time(one.checked_at, unit.now)),
        (_("发证部门最近答复"), asked),
    ]


def _named(name: str, number: str) -> str:
    return " ".join(part for part in (name, number) if part)


def _yes(is_so: bool) -> str:
    return _("是") if is_so else _("否")


def history(unit: Unit, subject: str) -> list[tuple[str, str, str]]:
    """(when, what, who) of the audit trail, the latest first."""
    rows = select(AuditRow, Person.name).outerjoin(Person, Person.id == AuditRow.actor)
    rows = rows.where(AuditRow.subject == subject).order_by(AuditRow.at.desc(), AuditRow.id)
    return [
        (
            clock_time(row.at, unit.now),
            trail.told(row.what),
            mask_name(name) if name else row.actor[:8],
        )
        for row, name in unit.db.execute(rows.limit(_HISTORY))
    ]
