"""Upgrade campaigns: which there are, how each stands, starting, pausing, going on."""

from __future__ import annotations

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.link import campaigns, packages
from cloud.link.campaigns import BadCampaign
from cloud.web import fields, visitor
from cloud.web.office import words
from cloud.web.office.blueprint import blueprint
from cloud.web.trouble import bad_input, wants_json

_SHOWN, _LINE, _PERCENT = 20, 64, 3


@blueprint.get("/office/campaigns")
def campaigns_page() -> str:
    """The last upgrade campaigns with their numbers, and a form for another."""
    with visitor.ground().read() as unit:
        rows = campaigns.every(unit)[:_SHOWN]
        shown = [(row, campaigns.report(unit, row)) for row in rows]
        store = packages.every(unit)
        versions = {one.digest: one.version for one in store}
        now = unit.now
    return render_template(
        "office/campaigns.html",
        rows=shown,
        store=store,
        versions=versions,
        states=words.CAMPAIGNS,
        now=now,
    )


@blueprint.post("/office/campaigns")
def start_campaign() -> ResponseReturnValue:
    """A package (`digest`) goes out in `waves` (5,25,100), stops above `stop` % of failures."""
    digest = fields.text("digest", _("升级包"), limit=_LINE)
    waves = fields.text("waves", _("分批（百分比）"), limit=_LINE).replace("，", ",").split(",")
    stop = fields.text("stop", _("失败多少就停（百分比）"), limit=_PERCENT)
    district = fields.text("district", _("行政区划代码"), limit=12, required=False)
    numbers = [text.strip() for text in (*waves, stop)]
    if not all(text.isascii() and text.isdigit() and len(text) <= _PERCENT for text in numbers):
        raise bad_input(_("分批应写成 5,25,100，最后一批是 100。"))
    *shares, limit = (int(text) for text in numbers)
    with visitor.ground().write() as unit:
        package = packages.get(unit, digest)
        if package is None:
            raise bad_input(_("没有这个升级包。"))
        try:
            by = visitor.signed_in().id
            row = campaigns.start(unit, package, shares, limit, district, by)
        except BadCampaign:
            raise bad_input(_("分批应写成 5,25,100，最后一批是 100。")) from None
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
