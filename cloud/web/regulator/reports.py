"""What officers report: trends as pictures; forms and ledgers as table, Excel and CSV."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from flask import Response, abort, render_template, request, url_for
from flask_babel import gettext as _

from cloud.oversight import forms, trends
from cloud.web import answers, paging, rights, visitor
from cloud.web.regulator import drawing, looking
from cloud.web.regulator.blueprint import blueprint
from cloud.web.technician import words
from cloud.work import profiles

_SHORT = 8  # of a record's number, for who may not open it


@blueprint.get("/trends")
def trends_page() -> str:
    """Thirty `days` of the district, or ninety, or a year."""
    typed = request.args.get("days", "")
    days = next((one for one in trends.PERIODS if str(one) == typed), trends.PERIODS[0])
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        filters = looking.filters(unit, eyes, where)
    told = looking.figures().trends.get((where, days))
    pictures = (
        (
            _("作业、被拒的操作和告警"),
            (
                ("one", _("作业"), told.jobs),
                ("two", _("被拒的操作"), told.refused),
                ("", _("告警"), told.alarms),
            ),
        ),
        (_("赋码进度"), (("one", _("电焊机"), told.total), ("two", _("已赋码"), told.coded))),
    )
    return render_template(
        "regulator/trends.html",
        pictures=[
            (title, rows, drawing.lines(told.days, rows, title)) for title, rows in pictures
        ],
        told=told,
        days=days,
        periods=trends.PERIODS,
        within=profiles.load(visitor.ground().settings.profile).coded_within_days,
        **filters,
    )


@blueprint.get("/forms/<name>")
def form(name: str) -> str:
    """A statistical form or a ledger, page by page."""
    told = _form(name)
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        page = paging.turned(lambda limit, at: list(told.rows(unit, where, at, limit)))
        return render_template(
            "regulator/form.html",
            name=name,
            told=told,
            page=replace(page, rows=[told.linked(row) for row in page.rows]),
            **looking.filters(unit, eyes, where),
        )


@blueprint.get("/forms/<name>.<kind>")
def form_file(name: str, kind: str) -> Response:
    """The whole of a statistical form or a ledger as .xlsx or .csv."""
    told = _form(name)
    if kind not in answers.TABLES:
        abort(404)
    with visitor.ground().read() as unit:
        _eyes, where = looking.here()
        rows = (told.worded(row) for row in told.rows(unit, where))
        return answers.table(name, kind, told.heading, rows)


class Link(NamedTuple):
    """A cell that leads on."""

    href: str
    word: str


@dataclass(frozen=True)
class Form:
    """How one is shown. `official` = its headings are those of the Dalad plan, in Chinese alone.
    `machine`, `paper`, `left` = the columns of a machine's code, of a finished record, of the days
    that are left; `words` = by column, what stands for a value."""

    title: str
    heading: tuple[str, ...]
    rows: forms.Filled
    official: bool = False
    machine: int | None = None
    paper: int | None = None
    left: int | None = None
    words: dict[int, dict[str, str]] = field(default_factory=dict)

    def worded(self, row: forms.Row) -> forms.Row:
        """The row as a file has it."""
        return tuple(self.words.get(at, {}).get(cell, cell) for at, cell in enumerate(row))

    def linked(self, row: forms.Row) -> forms.Row:
        """The row as the page has it."""
        cells = list(self.worded(row))
        if self.machine is not None:
            code = row[self.machine]
            cells[self.machine] = Link(url_for("office.machine", code=code), code)
        if self.paper is not None and row[self.paper]:
            held = rights.allowed("technician.paper", visitor.signed_in().roles)
            href = url_for("technician.paper", id=row[self.paper])
            cells[self.paper] = Link(href, "PDF") if held else row[self.paper][:_SHORT]
        if self.left is not None and isinstance(row[self.left], int) and row[self.left] < 0:
            cells[self.left] = _("已超期 %(days)s 天", days=-row[self.left])
        return tuple(cells)


def _form(name: str) -> Form:
    known = {
        "statistics": _statistics,
        "survey": _survey,
        "uncoded": _uncoded,
        "installations": _installations,
    }
    if name not in known:
        abort(404)
    return known[name]()


def _statistics() -> Form:
    title = _("电焊机“加芯赋码”工作统计表")
    return Form(title, forms.STATISTICS, forms.statistics, official=True)


def _survey() -> Form:
    return Form(_("电焊机调研信息表"), forms.SURVEY, forms.survey, official=True)


def _uncoded() -> Form:
    heading = (
        *(_("序号"), _("焊机编码"), _("设备名称"), _("作业单位"), _("辖区"), _("购置日期")),
        *(_("赋码期限"), _("剩余天数"), _("责任人"), _("责任人电话")),
    )
    return Form(_("未赋码的电焊机"), heading, forms.uncoded, machine=1, left=7)


def _installations() -> Form:
    heading = (
        *(_("序号"), _("记录"), _("开始"), _("安装人员"), _("终端"), _("接线方式"), _("焊机编码")),
        *(_("作业单位"), _("辖区"), _("种类"), _("完成"), _("封条"), _("换下的终端")),
    )
    said = {5: words.hardware(), 9: words.kinds()}
    title = _("安装改造台账")
    return Form(title, heading, forms.installations, machine=6, paper=1, words=said)
