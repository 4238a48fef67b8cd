"""One terminal and one module of the stock: what is known of them, and what the office may do."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.cases import supply, taking_off
from cloud.cases.supply import StillFitted
from cloud.cases.taking_off import NoTerminal
from cloud.link import stock, terminals
from cloud.link.stock import BadStock, StockItem
from cloud.link.terminals import Terminal
from cloud.registry import machines, people
from cloud.web import fields, visitor
from cloud.web.office import words
from cloud.web.office.blueprint import blueprint
from cloud.web.office.items import Facts, Links, done, history
from cloud.web.shown import clock_time
from cloud.web.technician.words import hardware
from cloud.web.trouble import Trouble, bad_input

_NOTE, _DAY, _LINE = 120, 10, 64


@blueprint.get("/registers/terminals/<device>")
def terminal(device: str) -> str:
    """A terminal as the cloud knows it."""
    with visitor.ground().read() as unit:
        one = terminals.get(unit, device)
        if one is None:
            abort(404)
        machine = machines.by_device(unit, device)
        module_of = stock.of_device(unit, device)
        doors: Links = []
        if machine:
            doors.append((url_for("office.machine", code=machine.code), machine.name))
        if module_of:
            doors.append((url_for("office.module", chip=module_of.chip), _("它的库存记录")))
        for other in terminals.with_its_numbers(unit, device):
            told = _("IMEI 或 SIM 卡号与 %(device)s 相同", device=other)
            doors.append((url_for("office.terminal", device=other), told))
        return render_template(
            "office/terminal.html",
            title=_("终端"),
            code=device,
            facts=_terminal_facts(unit, one),
            parts=[],
            history=history(unit, device),
            doors=doors,
            back=url_for("office.terminals"),
            terminal=one,
            fitted=machine is not None,
            states={state: words.STOCK[state] for state in taking_off.STATES},
        )


@blueprint.post("/registers/terminals/<device>/revoke")
def revoke(device: str) -> ResponseReturnValue:
    """Nothing is heard from a terminal any more: its job ends, its connection closes."""
    fields.ticks("sure", _("我确认吊销"), {"1"}) or _unsure()
    with visitor.ground().write() as unit:
        if not taking_off.revoke(unit, device, visitor.signed_in().id):
            abort(404)
    return done(url_for("office.terminal", device=device), status="revoked")


@blueprint.post("/registers/terminals/<device>/take-off")
def take_off(device: str) -> ResponseReturnValue:
    """A terminal leaves its machine, to the stock or as scrap; an open job ends first."""
    state = fields.choice("state", _("状态"), taking_off.STATES)
    note = fields.text("note", _("备注"), limit=_NOTE, required=False)
    unplugged = bool(fields.ticks("unplugged", _("焊机已断电"), {"1"}))
    with visitor.ground().write() as unit:
        by = visitor.signed_in().id
        try:
            off = taking_off.take_off(unit, device, by, state, note, unplugged)
        except NoTerminal:
            abort(404)
        except BadStock:
            raise _no_such_move(state) from None
    if not off:
        raise Trouble(
            409,
            "still-on",
            _("作业已结束，断电命令已发，终端还没有回话。"),
            _("过几秒再按一次；焊机已拔下电源或拉闸的，勾选“焊机已断电”。"),
        )
    return done(url_for("office.terminal", device=device), state=state)


@blueprint.get("/registers/stock/<chip>")
def module(chip: str) -> str:
    """A module of the stock with all that it went through."""
    with visitor.ground().read() as unit:
        one = _module(unit, chip)
        doors: Links = []
        if one.device:
            doors.append((url_for("office.terminal", device=one.device), _("打开这台终端")))
        went: Links = [
            (None, f"{clock_time(move.at, unit.now)} · {words.STOCK[move.state]} · {told}")
            for move in reversed(stock.history(unit, one.chip))
            for told in [" ".join(part for part in (_who(unit, move.who), move.note) if part)]
        ]
        return render_template(
            "office/module.html",
            title=_("终端模块"),
            code=one.chip,
            facts=_module_facts(one),
            parts=[(_("库存经过"), went)],
            history=[],
            doors=doors,
            back=url_for("office.modules"),
            module=one,
            states={state: words.STOCK[state] for state in supply.BY_HAND},
        )


@blueprint.post("/registers/stock")
def receive() -> ResponseReturnValue:
    """A module has come: `chip` = its address."""
    typed = fields.text("chip", _("模块地址"), limit=_LINE)
    return _move(_chip(typed), "received", "")


@blueprint.post("/registers/stock/<chip>/state")
def move(chip: str) -> ResponseReturnValue:
    """Put a module into a `state`, with a `note`; a returned or scrapped one is revoked."""
    state = fields.choice("state", _("状态"), supply.BY_HAND)
    note = fields.text("note", _("备注"), limit=_NOTE, required=False)
    return _move(_chip(chip), state, note)


@blueprint.post("/registers/stock/<chip>/papers")
def set_papers(chip: str) -> ResponseReturnValue:
    """A module: until when its SIM is paid and insured; what is left empty stays as it is."""
    given = {
        "sim_until": fields.text("sim_until", _("SIM 到期"), limit=_DAY, required=False),
        "insurance": fields.text("insurance", _("保险单号"), limit=_LINE, required=False),
        "insurance_until": fields.text(
            "insurance_until", _("保险到期"), limit=_DAY, required=False
        ),
    }
    with visitor.ground().write() as unit:
        one = _module(unit, chip)
        try:
            supply.set_papers(unit, one, visitor.signed_in().id, **given)
        except BadStock:
            raise bad_input(_("日期应是 2027-01-05 这样。")) from None
    return done(url_for("office.module", chip=one.chip))


def _move(chip: str, state: str, note: str) -> ResponseReturnValue:
    with visitor.ground().write() as unit:
        try:
            supply.move(unit, chip, state, visitor.signed_in().id, note)
        except BadStock:
            raise _no_such_move(state) from None
        except StillFitted:
            raise Trouble(
                409,
                "still-fitted",
                _("这个模块还装在焊机上。"),
                _("请打开这台终端，在那里撤下。"),
            ) from None
    return done(url_for("office.module", chip=chip), state=state)


def _no_such_move(state: str) -> Trouble:
    words_ = _("现在的状态不能改成“%(state)s”。", state=words.STOCK[state])
    return Trouble(409, "stock-state", words_, _("请刷新页面看现在的状态。"))


def _unsure() -> None:
    raise bad_input(_("请先勾选“我确认吊销”。"), "sure")


def _chip(typed: str) -> str:
    try:
        return stock.chip_form(typed)
    except BadStock:
        raise bad_input(_("模块地址应是 12 位十六进制，如 a4cf12abcdef。"), "chip") from None


def _module(unit: Unit, chip: str) -> StockItem:
    try:
        one = unit.db.get(StockItem, stock.chip_form(chip))
    except BadStock:
        one = None
    if one is None:
        abort(404)
    return one


def _who(unit: Unit, id: str) -> str:
    person = people.get(unit, id)
    return person.name if person else id[:8]


def _terminal_facts(unit: Unit, one: Terminal) -> Facts:
    heard = one.online and (one.deadline or 0) > unit.now
    seen: Any = clock_time(one.seen_at, unit.now) if one.seen_at else ""
    return [
        (_("状态"), words.TERMINALS[one.status]),
        (_("在线"), _("在线") if heard else _("离线")),
        (_("最近收到"), seen),
        (_("程序版本"), one.fw),
        (_("硬件"), one.hw),
        (_("接线方式"), hardware().get(one.kind, one.kind)),
        ("IMEI", one.imei),
        ("ICCID", one.iccid),
        (_("运营商"), one.operator),
        (_("信号"), f"{one.rssi} dBm" if one.rssi is not None else ""),
    ]


def _module_facts(one: StockItem) -> Facts:
    return [
        (_("状态"), words.STOCK[one.state]),
        (_("终端"), one.device),
        (_("SIM 到期"), one.sim_until),
        (_("保险单号"), one.insurance),
        (_("保险到期"), one.insurance_until),
    ]
