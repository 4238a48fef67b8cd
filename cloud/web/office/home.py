"""Where the office begins: what it may do, and how much of it waits. Officers see their part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from cloud.base.unit import Unit
from cloud.cases import imports
from cloud.cases.alarms import Alarm
from cloud.registry import certificates, people
from cloud.web import rights, visitor
from cloud.web.office.blueprint import blueprint
from cloud.web.regulator import looking
from cloud.web.welder.pages import person_of
from cloud.work import reviewing

_MOST = 50  # reviews are counted up to here


@dataclass(frozen=True)
class Door:
    """A link that leads on; `waits` = how much waits behind it, None where nothing does; `name` =
    of the form that it leads to."""

    endpoint: str
    word: str
    waits: int | None = None
    name: str | None = None

    @property
    def href(self) -> str:
        return url_for(self.endpoint, name=self.name)


@blueprint.get("/office")
def home() -> str:
    """The office's first page: the doors that are open to the viewer."""
    viewer = visitor.signed_in()
    with visitor.ground().read() as unit:
        groups = [(title, _open(doors)) for title, doors in _doors(unit)]
    return render_template(
        "office/home.html",
        title=_("平台运维") if "office" in viewer.roles else _("登记"),
        groups=[(title, doors) for title, doors in groups if doors],
    )


def _open(doors: list[Door]) -> list[Door]:
    roles = visitor.signed_in().roles
    return [one for one in doors if rights.allowed(one.endpoint, roles)]


def _doors(unit: Unit) -> list[tuple[str, list[Door]]]:
    eyes, where = looking.here()
    alarms = unit.db.scalar(select(func.count(Alarm.id)).where(where.alarms(eyes)))
    reviews = len(reviewing.waiting(unit, person_of(unit, visitor.signed_in()), _MOST))
    approvals = people.count_waiting(unit) + certificates.count_waiting(unit)
    return [
        (
            _("等待处理"),
            [
                Door("office.waiting", _("待审核的注册和证件"), approvals),
                Door("reviews.waiting", _("现场照片审核"), reviews),
                Door("regulator.alarms_page", _("未办结的告警"), alarms),
                Door("office.imports_page", _("导入台账"), imports.count_waiting(unit)),
            ],
        ),
        (
            _("登记"),
            [
                Door("office.machines", _("电焊机")),
                Door("office.enterprises", _("单位登记")),
                Door("office.persons", _("人员")),
                Door("office.certificates", _("操作证")),
                Door("office.permit_list", _("动火作业票")),
                Door("office.terminals", _("终端登记")),
                Door("office.modules", _("终端库存")),
                Door("regulator.form", _("安装改造台账"), name="installations"),
                Door("regulator.form", _("未赋码的电焊机"), name="uncoded"),
            ],
        ),
        (
            _("终端登记和升级"),
            [
                Door("office.codes", _("终端登记码")),
                Door("office.campaigns_page", _("终端升级")),
            ],
        ),
        (
            _("规则和记录"),
            [
                Door("office.rules", _("规则与条款")),
                Door("exempt.places", _("豁免场所")),
                Door("office.accounts", _("账号管理")),
                Door("office.trail", _("审计记录")),
            ],
        ),
    ]


def told(found: Any) -> str:
    """A value on a page; a dash where there is none."""
    return "–" if found in (None, "") else str(found)
