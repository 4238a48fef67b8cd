"""The registers as pages: who may look sees the district's subtree and the department's trades.

What somebody searches for may name a person, so those searches are posts and stand in no address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.link import stock
from cloud.oversight import registers
from cloud.oversight.registers import Page
from cloud.registry import certificates as papers
from cloud.registry import people
from cloud.registry.sight import Sight
from cloud.web import fields, visitor
from cloud.web.office import words
from cloud.web.office.blueprint import blueprint
from cloud.web.regulator import looking

_ASKED, _PLACE = 64, 200  # characters


@dataclass(frozen=True)
class Row:
    """One line of a list: where it leads, and its cells; the first one is the link."""

    href: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class List:
    """How one register is shown. `hidden` = its searches are posts, `placed` = by district."""

    title: str
    hint: str
    heads: tuple[str, ...]
    turn: Callable[[Unit, Sight, str, str], Page]
    row: Callable[[Unit, Any], Row]
    hidden: bool = False
    placed: bool = True


@blueprint.get("/registers/machines")
def machines() -> str:
    """The register of machines and cylinders."""
    heads = (_("设备码"), _("设备名称"), _("作业单位"), _("辖区"), _("设备状态"), _("终端"))
    hint = _("设备码、终端编号或单位的统一社会信用代码")
    return _list(List(_("电焊机"), hint, heads, registers.machines, _machine))


@blueprint.get("/registers/enterprises")
def enterprises() -> str:
    """The register of enterprises."""
    heads = (_("统一社会信用代码"), _("企业名称"), _("企业类型"), _("辖区"))
    hint = _("统一社会信用代码或名称的一部分")
    return _list(List(_("单位登记"), hint, heads, registers.enterprises, _enterprise))


@blueprint.route("/registers/people", methods=["GET", "POST"])
def persons() -> str:
    """The register of people, numbers masked; what is looked for is posted, not in an address."""
    heads = (_("姓名"), _("角色"), _("公民身份号码"), _("手机号码"), _("辖区"), _("状态"))
    hint = _("姓名、账号、公民身份号码或手机号码")
    return _list(List(_("人员"), hint, heads, registers.persons, _person, hidden=True))


@blueprint.route("/registers/certificates", methods=["GET", "POST"])
def certificates() -> str:
    """The register of certificates, numbers masked; looked for as in the one of people."""
    heads = (_("证件编号"), _("姓名"), _("发证部门"), _("作业类别"), _("有效期止"), _("状态"))
    hint = _("证件编号")
    return _list(List(_("操作证"), hint, heads, registers.certificates, _certificate, hidden=True))


@blueprint.get("/registers/terminals")
def terminals() -> str:
    """Every terminal that this cloud knows."""
    heads = (_("终端"), _("状态"), _("在线"), _("程序版本"), _("电焊机"))

    def turn(unit: Unit, _eyes: Sight, after: str, asked: str) -> Page:
        return registers.terminals(unit, after, asked)

    return _list(List(_("终端登记"), _("终端编号"), heads, turn, _terminal, placed=False))


@blueprint.get("/registers/stock")
def modules() -> str:
    """The stock of modules; `?state=` narrows it."""
    heads = (_("模块地址"), _("状态"), _("终端"), _("SIM 到期"), _("保险到期"))
    state = request.args.get("state", "")
    state = state if state in stock.STATES else ""

    def turn(unit: Unit, _eyes: Sight, after: str, asked: str) -> Page:
        return registers.modules(unit, state, after, asked)

    told = List(_("终端库存"), _("模块地址或终端编号"), heads, turn, _module, placed=False)
    return _list(told, states=words.STOCK, state=state)


def _list(told: List, **more: Any) -> str:
    asked = _asked(told)
    after = request.args.get("after", "")[:_PLACE]
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        page = told.turn(unit, where.sight, after, asked)
        return render_template(
            "office/list.html",
            told=told,
            rows=[told.row(unit, one) for one in page.rows],
            after=page.after,
            first=not after,
            asked="" if told.hidden else asked,
            offered=looking.choices(unit, eyes, where),
            query=looking.query(eyes, where) | _kept(more),
            searched=bool(asked),
            **{"states": {}, "state": ""} | more,
        )


def _kept(more: dict[str, Any]) -> dict[str, str]:
    return {"state": more["state"]} if more.get("state") else {}


def _asked(told: List) -> str:
    if told.hidden:
        return fields.text("q", told.hint, limit=_ASKED) if request.method == "POST" else ""
    return request.args.get("q", "").strip()[:_ASKED]


def _machine(unit: Unit, found: Any) -> Row:
    one, firm = found
    state = words.MACHINES[one.status]
    cells = (one.code, one.name, firm, one.district, state, one.device)
    return Row(url_for("office.machine", code=one.code), cells)


def _enterprise(unit: Unit, found: Any) -> Row:
    (one,) = found
    cells = (one.uscc, one.name, looking.firm_words()[one.kind], one.district)
    return Row(url_for("office.enterprise", id=one.id), cells)


def role_names(roles: frozenset[str]) -> str:
    """Roles as one text."""
    return " ".join(str(words.ROLES[role]) for role in sorted(roles))


def _person(unit: Unit, found: Any) -> Row:
    (one,) = found
    numbers = (people.masked_identity(unit, one), people.masked_phone(unit, one))
    cells = (one.name, role_names(one.roles), *numbers, one.district, words.PEOPLE[one.status])
    return Row(url_for("office.person", id=one.id), cells)


def paper_state(one: papers.Certificate) -> Any:
    """How a certificate stands; one that nobody has confirmed waits."""
    return words.PAPERS[one.status] if one.known else _("待核验")


def _certificate(unit: Unit, found: Any) -> Row:
    one, holder = found
    number = papers.masked_number(unit, one)
    issuer = issuer_word(one.issuer)
    until = papers.last_day(one).isoformat()
    cells = (number, holder.name, issuer, one.category, until, paper_state(one))
    return Row(url_for("office.certificate", id=one.id), cells)


def issuer_word(issuer: str) -> str:
    """The issuer as it is shown."""
    return dict(zip(papers.ISSUERS, (_("应急管理"), _("住建"), _("市场监管")), strict=True))[
        issuer
    ]


def _terminal(unit: Unit, found: Any) -> Row:
    one, code = found
    heard = one.online and (one.deadline or 0) > unit.now
    online = _("在线") if heard else _("离线")
    cells = (one.device, words.TERMINALS[one.status], online, one.fw, code)
    return Row(url_for("office.terminal", device=one.device), cells)


def _module(unit: Unit, found: Any) -> Row:
    (one,) = found
    cells = (one.chip, words.STOCK[one.state], one.device, one.sim_until, one.insurance_until)
    return Row(url_for("office.module", chip=one.chip), cells)
