"""The status page: four numbers, who works, open alarms, the latest refusals.

It is looked at by many and changes little: what is made for one viewer's sight and language
serves all with the same, and a poll that finds nothing new costs a log-in check and a look-up.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from cloud.base.clock import in_china
from cloud.base.unit import Unit
from cloud.cases.alarms import Alarm
from cloud.oversight import refused
from cloud.oversight.scope import Scope
from cloud.registry.sight import Sight
from cloud.web import answers, visitor
from cloud.web.language import language
from cloud.web.regulator import alarms, looking, map, overview
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.words import ALARM_KINDS, ALARM_STATES, STATES, STEPS
from cloud.web.welder import screen
from cloud.work.rules import SAYINGS

POLL_MS = 10_000
_SHOWN = 8
_CSRF = "@csrf@"  # stands in what is kept for all; each viewer gets the own one


@dataclass(frozen=True)
class Drawn:
    """The changing part as HTML and its digest, and what it was drawn from."""

    told: tuple[dict[str, Any], date]
    html: str
    tag: str


@dataclass(frozen=True)
class Part:
    """The page's changing part for all with the same sight, filters and language."""

    eyes: Sight
    where: Scope
    language: str

    def make(self, last: Drawn | None) -> Drawn:
        """Drawn anew only if there is news; the token of forms is still to be put in."""
        with visitor.ground().read() as unit:
            told = shown(unit, self.eyes, self.where)
            now = unit.now
        from_what = told, in_china(now).date()  # times of another day are shown with it
        if last and last.told == from_what:
            return last
        html = render_template(
            "regulator/live.html",
            shown=told,
            words=STATES,
            kinds=ALARM_KINDS,
            states=ALARM_STATES,
            steps=STEPS,
            why=_why,
            query=looking.query(self.eyes, self.where),
            csrf=_CSRF,
            now=now,
        )
        return Drawn(from_what, html, hashlib.sha256(html.encode()).hexdigest()[:24])


@blueprint.get("/")
def status() -> ResponseReturnValue:
    """The status page of the viewer's district. A technician and an enterprise's manager begin at
    their own pages; everybody else with the code of a machine."""
    roles = visitor.signed_in().roles
    if roles == {"technician"}:
        return redirect(url_for("technician.mine"), 303)
    if not roles & {"officer", "office"}:
        manages = "enterprise" in roles and not roles & {"welder", "fire_watch"}
        if manages and visitor.signed_in().enterprise_id:
            return redirect(url_for("enterprise.overview"), 303)
        return render_template("welder/scan.html")
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        filters = looking.filters(unit, eyes, where)
        now = unit.now
    html, tag = _part(eyes, where)
    kind = request.args.get("kind", "")
    return render_template(
        "regulator/status.html",
        live=Markup(_for_viewer(html)),  # made by our own template
        etag=tag,
        **filters,
        kind=kind if kind in map.KINDS else "",  # of what the map alone shows
        every=POLL_MS,
        map_settings=map.settings(),
        map_words=json.dumps(
            {
                "machine": _("电焊机"),
                "machines": _("台电焊机"),
                "alarm": _("有告警"),
                "working": _("作业中"),
                "online": _("在线"),
                "offline": _("离线"),
            }
        ),
        now=now,
    )


@blueprint.get("/status.part")
def status_part() -> Response:
    """The status page's changing part under its ETag; an empty 304 for who has it already."""
    eyes, where = looking.here()
    html, tag = _part(eyes, where)
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        response = Response(_for_viewer(html), content_type="text/html; charset=utf-8")
    response.set_etag(tag)
    return map.tell(response, where.only)


@blueprint.get("/status.json")
def status_json() -> Response:
    """The status for programs: `numbers`, `counted_at`, `working`, `alarms`, `refused`."""
    with visitor.ground().read() as unit:
        eyes, where = looking.here()
        return answers.unless_known(shown(unit, eyes, where))


def shown(unit: Unit, eyes: Sight, where: Scope) -> dict[str, Any]:
    """Plain values, the same for all who see the same."""
    open_here = looking.figures().alarms(eyes, where)
    grave = where.alarms(eyes) & Alarm.id.in_(open_here[:_SHOWN])  # asked again: it is a right
    return {
        "numbers": looking.figures().numbers(where) | {"alarms": len(open_here)},
        "counted_at": looking.figures().counted_at(where.only),
        "working": overview.at_work(unit, where, _SHOWN),
        "alarms": alarms.rows(unit, grave, _SHOWN),
        "refused": refused.latest(unit, where, _SHOWN),
    }


def _part(eyes: Sight, where: Scope) -> tuple[str, str]:
    drawn = looking.figures().parts.get(Part(eyes, where, language()))
    return drawn.html, drawn.tag


def _for_viewer(html: str) -> str:
    return html.replace(_CSRF, visitor.csrf_token())


def _why(code: str) -> str:
    """A refusal in the viewer's language, without the values of the one case."""
    both = SAYINGS.get(code)
    words = screen.words(both[0]) if both else code
    return re.sub(r"\{\w+\}", "…", words)
