"""For officers and the office: who is on-line, who is working. Others are shown where to scan."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, request

from cloud.web import answers, visitor
from cloud.web.regulator import alarms, orders, overview
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import STATES

__all__ = ["alarms", "blueprint", "orders"]
POLL_MS = 10_000
_PAGES_MAX = 100_000


@blueprint.get("/")
def status() -> str:
    """The status page of the viewer's district; who is no regulator may type a machine's code."""
    if not visitor.signed_in().roles & {"officer", "office"}:
        return render_template("welder/scan.html")
    with visitor.ground().read() as unit:
        shown = overview.shown(unit, visitor.signed_in(), _page())
        return render_template(
            "regulator/status.html",
            shown=shown,
            etag=answers.etag(shown),
            words=STATES,
            every=POLL_MS,
            now=unit.now,
        )


@blueprint.get("/status.json")
def status_json() -> Response:
    """The same as JSON: `numbers`, `machines`, `page`, `pages`."""
    with visitor.ground().read() as unit:
        shown: dict[str, Any] = overview.shown(unit, visitor.signed_in(), _page())
    return answers.unless_known(shown)


def _page() -> int:
    """Which page of the table; nonsense means the first."""
    wanted = request.args.get("page", "1")
    good = wanted.isascii() and wanted.isdigit() and len(wanted) < 7
    return min(max(int(wanted), 1), _PAGES_MAX) if good else 1
