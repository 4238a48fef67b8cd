"""All machines of the viewer's district, page by page."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

from cloud.base.unit import Unit
from cloud.oversight.scope import Scope
from cloud.web import answers, visitor
from cloud.web.regulator import looking, overview
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import STATES

_PAGES_MAX = 100_000


@blueprint.get("/machines")
def machines() -> str:
    """The machines as a table."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here(unit)
        return render_template(
            "regulator/machines.html",
            shown=shown(unit, where, _page()),
            offered=looking.choices(unit, eyes, where),
            query=looking.query(eyes, where),
            words=STATES,
            now=unit.now,
        )


@blueprint.get("/machines.json")
def machines_json() -> Response:
    """The same as JSON: `machines`, `page`, `pages`."""
    with visitor.ground().read() as unit:
        _eyes, where = looking.here(unit)
        return answers.unless_known(shown(unit, where, _page()))


def shown(unit: Unit, where: Scope, page: int) -> dict[str, Any]:
    """One page of machines; a page beyond the last is the last."""
    count = looking.figures().numbers(where)["machines"]
    pages = max(1, -(-count // overview.PER_PAGE))
    page = min(page, pages)
    return {"machines": overview.page_of(unit, where, page), "page": page, "pages": pages}


def _page() -> int:
    """Which page of the table; nonsense means the first."""
    wanted = request.args.get("page", "1")
    good = wanted.isascii() and wanted.isdigit() and len(wanted) < 7
    return min(max(int(wanted), 1), _PAGES_MAX) if good else 1
