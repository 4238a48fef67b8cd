"""Ledgers on the web: a table goes up, its report is looked at, and then it is written or not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Ground, Unit
from cloud.cases import imports
from cloud.cases.imports import BadUpload, ImportRun
from cloud.cases.kinds import KINDS, columns
from cloud.web import answers, fields, visitor
from cloud.web.language import language
from cloud.web.office import words as words_of
from cloud.web.office.blueprint import blueprint
from cloud.web.trouble import Trouble, bad_input, wants_json
from cloud.web.welder.pages import person_of

_NAME, _SHOWN, _POLL_MS = 120, 100, 1000


@dataclass(frozen=True)
class Findings:
    """A page of the report, and from which line it goes on (0 = that was all)."""

    rows: list[tuple[int, str]]  # (line, words)
    after: int


@blueprint.get("/office/imports")
def imports_page() -> str:
    """A form for a table to import, and the last imports."""
    with visitor.ground().read() as unit:
        rows = imports.latest(unit)
        now = unit.now
    words = {"kinds": words_of.LEDGERS, "states": words_of.IMPORTS}
    return render_template("office/imports.html", rows=rows, now=now, **words)


@blueprint.post("/office/imports")
def upload() -> ResponseReturnValue:
    """A table (`file`) of one `kind`; it is judged at once, in the background."""
    kind = fields.choice("kind", _("台账"), KINDS)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise bad_input(_("“%(label)s”没有填写。", label=_("表格文件")), "file")
    name = "".join(sign for sign in file.filename if sign.isprintable())[-_NAME:]
    raw = file.stream.read(imports.BYTES_MAX + 1)
    with visitor.ground().write() as unit:
        try:
            run = imports.keep(unit, person_of(unit, visitor.signed_in()), kind, name, raw)
        except BadUpload:
            words = _("请交 .xlsx、.csv 或 .tsv 表格，不要空文件，最大 40 MB。")
            raise bad_input(words, "file") from None
    return _begun(run.id, imports.judge)


@blueprint.get("/office/imports/blank/<kind>.xlsx")
def import_blank(kind: str) -> Response:
    """An empty table of a ledger, to be filled in: its headings."""
    if kind not in KINDS:
        abort(404)
    return answers.table(kind, "xlsx", [column.zh for column in columns(kind)], ())


@blueprint.get("/office/imports/<id>")
def import_page(id: str) -> str:
    """How an import stands: progress, or the report with what may be decided."""
    with visitor.ground().read() as unit:
        run = _run(unit, id)
        told = _told(unit, run)
        parts = {what: _findings(unit, id, what) for what in ("bad", "changed")}
        now = unit.now
    return render_template(
        "office/import.html",
        run=run,
        told=told,
        etag=answers.etag(told),
        parts=parts,
        every=_POLL_MS if run.state in ("reading", "writing") else 0,
        kinds=words_of.LEDGERS,
        states=words_of.IMPORTS,
        now=now,
    )


@blueprint.get("/office/imports/<id>/state")
def import_state(id: str) -> Response:
    """How an import stands, for programs: `state`, `progress` of `whole`, the counts."""
    with visitor.ground().read() as unit:
        return answers.unless_known(_told(unit, _run(unit, id)))


@blueprint.post("/office/imports/<id>")
def decide_import(id: str) -> ResponseReturnValue:
    """Decide on an import: `what` = all, good (rows only), again or cancel."""
    what = fields.choice("what", "what", ("all", "good", "again", "cancel"))
    with visitor.ground().write() as unit:
        run = imports.get(unit, id)
        if run is None:
            abort(404)
        if what == "again":
            done = imports.again(unit, run)
        elif what == "cancel":
            done = imports.cancel(unit, run)
        else:
            done = imports.decide(unit, run, person_of(unit, visitor.signed_in()), what)
    if not done:
        todo = _("请刷新页面看现在的状态。")
        raise Trouble(409, "import-state", _("这份表格现在不能这样办。"), todo)
    work = {"again": imports.judge, "cancel": None}.get(what, imports.write)
    return _begun(id, work)


def _begun(id: str, work: Callable[[Ground, str], None] | None) -> ResponseReturnValue:
    if work is not None:
        ground = visitor.ground()
        threading.Thread(target=work, args=(ground, id), name="import", daemon=True).start()
    address = url_for("office.import_page", id=id)
    if wants_json():
        return {"ok": True, "id": id, "at": address}
    return redirect(address, 303)


def _run(unit: Unit, id: str) -> ImportRun:
    run = unit.db.get(ImportRun, id)
    if run is None:
        abort(404)
    return run


def _told(unit: Unit, run: ImportRun) -> dict[str, Any]:
    names = ("id", "kind", "state", "rows", "new", "changed", "unchanged", "bad")
    told = {name: getattr(run, name) for name in names} | {"words": _words(run.words)}
    far = imports.progress(unit, run.id)
    return told | {"progress": far and far.done, "whole": far and far.whole}


def _words(kept: str) -> str:
    return imports.in_language(kept, language() == "en")


def _findings(unit: Unit, id: str, what: str) -> Findings:
    asked = request.args.get(what, "0")
    after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0
    rows = imports.findings(unit, id, what, after, _SHOWN + 1)
    shown = [(one.line, _words(one.words)) for one in rows[:_SHOWN]]
    return Findings(shown, rows[_SHOWN - 1].line if len(rows) > _SHOWN else 0)
