"""What officers report: trends as pictures, the two forms as table, Excel and CSV."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Response, abort, render_template, request
from flask_babel import gettext as _

from cloud.oversight import forms
from cloud.registry.ledgers import files
from cloud.web import visitor
from cloud.web.regulator import drawing, looking
from cloud.web.regulator.blueprint import blueprint
from cloud.work import profiles

PER_PAGE = 50
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@blueprint.get("/trends")
def trends_page() -> str:
    """Thirty days of the district."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        offered = looking.choices(unit, eyes, where)
    told = looking.figures().trends.get(where)
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
        within=profiles.load(visitor.ground().settings.profile).coded_within_days,
        offered=offered,
        query=looking.query(eyes, where),
    )


@blueprint.get("/forms/<name>")
def form(name: str) -> str:
    """A statistical form, page by page."""
    heading, rows = _form(name)
    typed = request.args.get("page", "1")
    page = (
        min(int(typed), 100_000) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1
    )
    first = (max(page, 1) - 1) * PER_PAGE
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        shown = list(rows(unit, where, first, PER_PAGE + 1))
        return render_template(
            "regulator/form.html",
            name=name,
            title=_titles()[name],
            heading=heading,
            rows=shown[:PER_PAGE],
            page=page,
            more=len(shown) > PER_PAGE,
            offered=looking.choices(unit, eyes, where),
            query=looking.query(eyes, where),
        )


@blueprint.get("/forms/<name>.<kind>")
def form_file(name: str, kind: str) -> Response:
    """The whole of a statistical form as .xlsx or .csv."""
    heading, rows = _form(name)
    if kind not in _TYPES:
        abort(404)
    with tempfile.TemporaryDirectory() as folder, visitor.ground().read() as unit:
        _eyes, where = looking.here()
        path = Path(folder) / f"form.{kind}"
        files.write(path, heading, rows(unit, where))
        body = path.read_bytes()
    answer = Response(body, content_type=_TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _form(name: str) -> tuple[tuple[str, ...], forms.Filled]:
    if name not in forms.FORMS:
        abort(404)
    return forms.FORMS[name]


def _titles() -> dict[str, str]:
    return {
        "statistics": _("电焊机“加芯赋码”工作统计表"),
        "survey": _("电焊机调研信息表"),
    }
