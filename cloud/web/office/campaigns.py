"""Upgrade campaigns: which there are, how each stands, starting, pausing, going on."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Unit
from cloud.link import campaigns, packages
from cloud.link.campaigns import BadCampaign, Rollout, Wave
from cloud.registry import places
from cloud.web import fields, visitor
from cloud.web.office import words
from cloud.web.office.blueprint import blueprint
from cloud.web.trouble import bad_input, wants_json

_SHOWN, _LINE, _WAVES, _PERCENT = 20, 64, 1000, 3
_FIELDS = {"limit": "stop", "district": "district"}  # of what is wrong; else the waves
_COUNTS = ("begun", "done", "failed", "timed_out", "lost", "open")


@blueprint.get("/office/campaigns")
def campaigns_page() -> str:
    """The last upgrade campaigns, each by wave and district, and a form for another."""
    with visitor.ground().read() as unit:
        rows = [_shown(unit, row) for row in campaigns.every(unit)[:_SHOWN]]
        store = packages.every(unit)
        now = unit.now
    return render_template(
        "office/campaigns.html",
        rows=rows,
        store=store,
        versions={one.digest: one.version for one in store},
        states=words.CAMPAIGNS,
        now=now,
    )


@blueprint.post("/office/campaigns")
def start_campaign() -> ResponseReturnValue:
    """A package (`digest`) in `waves` (990101:25,100); above `stop` % failed of one it stops."""
    digest = fields.text("digest", _("升级包"), limit=_LINE)
    waves = fields.text("waves", _("分批"), limit=_WAVES)
    stop = fields.text("stop", _("一批里失败多少就停（百分比）"), limit=_PERCENT)
    district = fields.text("district", _("行政区划代码"), limit=12, required=False)
    limit = int(stop) if stop.isascii() and stop.isdigit() else -1
    with visitor.ground().write() as unit:
        package = packages.get(unit, digest)
        if package is None:
            raise bad_input(_("没有这个升级包。"), "digest")
        try:
            by = visitor.signed_in().id
            row = campaigns.start(unit, package, Wave.each(waves), limit, district, by)
        except BadCampaign as error:
            named = _FIELDS.get(error.code, "waves")
            raise bad_input(str(words.BAD_CAMPAIGNS[error.code]), named) from None
        told = campaigns.report(unit, row)
    return told if wants_json() else redirect(url_for("office.campaigns_page"), 303)


@blueprint.post("/office/campaigns/<id>")
def move_campaign(id: str) -> ResponseReturnValue:
    """Hold a campaign or let it go on: `what` = pause or resume."""
    what = fields.choice("what", "what", ("pause", "resume"))
    with visitor.ground().write() as unit:
        row = campaigns.get(unit, id)
        if row is None:
            abort(404)
        move = campaigns.pause if what == "pause" else campaigns.resume
        move(unit, row, visitor.signed_in().id)
        told = campaigns.report(unit, row)
    return told if wants_json() else redirect(url_for("office.campaigns_page"), 303)


def _shown(unit: Unit, row: Rollout) -> dict[str, Any]:
    """One campaign, its waves and counties as rows of tables."""
    told = campaigns.report(unit, row)
    begun = [_("还没开始"), *(_("第 %(n)s 批", n=n) for n in range(1, len(told["waves"]) + 1))]
    heads = [
        _("已开始"),
        _("已完成"),
        _("失败"),
        _("没有回应"),
        _("其中回应过又沉默"),
        _("还在等"),
    ]
    waves = [
        [
            begun[place],
            f"{_place(unit, wave['district'] or row.district)} {wave['share']} %",
            wave["meant"] if wave["began_at"] else begun[0],
            *(wave[name] for name in _COUNTS),
        ]
        for place, wave in enumerate(told["waves"], start=1)
    ]
    counties = [
        [_place(unit, one["district"]) if one["district"] else _("没有装在电焊机上")]
        + [one[name] for name in _COUNTS]
        for one in told["districts"]
    ]
    return {
        "row": row,
        "told": told,
        "place": _place(unit, row.district),
        "wave_heads": [_("批次"), _("范围"), _("计划"), *heads],
        "waves": [{"cells": cells} for cells in waves],
        "county_heads": [_("区县"), *heads],
        "counties": [{"cells": cells} for cells in counties],
    }


def _place(unit: Unit, code: str) -> str:
    name = places.name(unit, code) if code else _("全部")
    return name if name == code or not code else f"{name} {code}"
