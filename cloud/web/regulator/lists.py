"""All machines of the viewer's district, page by page."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template

from cloud.base.unit import Unit
from cloud.oversight.scope import Scope
from cloud.web import answers, paging, visitor
from cloud.web.regulator import looking, overview
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import STATES


@blueprint.get("/machines")
def machines() -> str:
    """The machines as a table."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        return render_template(
            "regulator/machines.html",
            shown=shown(unit, where, paging.page()),
            **looking.filters(unit, eyes, where),
            words=STATES,
            now=unit.now,
        )


@blueprint.get("/machines.json")
def machines_json() -> Response:
    """The machines as JSON: `machines`, `page`, `pages`."""
    with visitor.ground().read() as unit:
        _eyes, where = looking.here()
        return answers.unless_known(shown(unit, where, paging.page()))


def shown(unit: Unit, where: Scope, page: int) -> dict[str, Any]:
    """One page of machines; a page beyond the last is the last."""
    count = looking.figures().numbers(where)["machines"]
    pages = max(1, -(-count // overview.PER_PAGE))
    page = min(page, pages)
    return {"machines": overview.page_of(unit, where, page), "page": page, "pages": pages}
