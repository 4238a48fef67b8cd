"""Where a regulator looks: the filters of the address, and what is kept for all who look.

`?district=` and `?trade=` narrow every page of the supervision; they stay in its links.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, current_app, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from cloud.base import districts
from cloud.base.unit import Ground, Unit
from cloud.oversight import chart, scope, tally, trends, unclosed
from cloud.oversight.chart import Chart
from cloud.oversight.kept import Kept
from cloud.oversight.scope import Scope
from cloud.oversight.tally import Tally
from cloud.oversight.unclosed import Unclosed
from cloud.registry.machines import INDUSTRIES
from cloud.registry.places import Place
from cloud.registry.sight import Sight
from cloud.web import visitor
from cloud.web.trouble import not_yours
from cloud.work import profiles

_CHOICES = 300


class Figures:
    """Made for all: tallies and `chart` of all machines, `parts` = pages by who sees them.

    Those at work are counted by themselves: few, so their number is the fresher one.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        keep_s = ground.settings.figures_s
        self.homes: Kept[None, Tally] = Kept(self._counted(tally.homes), keep_s, behind=True)
        self.work: Kept[None, Tally] = Kept(self._counted(tally.at_work), keep_s / 2, behind=True)
        self.chart: Kept[None, Chart] = Kept(self._chart, keep_s, behind=True)
        self.unclosed: Kept[None, list[Unclosed]] = Kept(self._unclosed, keep_s)
        self.trends: Kept[Scope, trends.Trends] = Kept(self._trends, 60 * keep_s)
        self.parts: Kept[Any, Any] = Kept(lambda key: key.make(self.parts.last(key)), keep_s)

    def _counted(self, count: Callable[[Unit], Tally]) -> Callable[[None], Tally]:
        def counted(_key: None) -> Tally:
            with self._ground.read() as unit:
                return count(unit)

        return counted

    def _chart(self, _key: None) -> Chart:
        with self._ground.read() as unit:
            return chart.chart(unit)

    def _unclosed(self, _key: None) -> list[Unclosed]:
        with self._ground.read() as unit:
            return unclosed.every(unit)

    def _trends(self, where: Scope) -> trends.Trends:
        days = profiles.load(self._ground.settings.profile).coded_within_days
        with self._ground.read() as unit:
            return trends.trends(unit, where, days)

    def numbers(self, where: Scope) -> dict[str, int]:
        return tally.numbers(self.homes.get(None), self.work.get(None), where)

    def counted_at(self) -> int | None:
        """Since when the oldest of the numbers stands, if counting them takes long; else None."""
        slow = [one for one in (self.homes, self.work) if one.slow(None)]
        return min((one.get(None).at for one in slow), default=None)

    def alarms(self, eyes: Sight, where: Scope) -> list[str]:
        """Ids of the open ones that are seen here, the grave and overdue ones first."""
        return [one.id for one in unclosed.seen(self.unclosed.get(None), eyes, where)]

    def forget(self) -> None:
        """An alarm was handled: who did it sees so at once."""
        self.unclosed.forget()
        self.parts.forget()


def init_app(app: Flask, ground: Ground) -> None:
    app.extensions["hanma_figures"] = Figures(ground)


def figures() -> Figures:
    return current_app.extensions["hanma_figures"]


def here() -> tuple[Sight, Scope]:
    """The viewer's eyes, read with the session, and what the address leaves of their sight."""
    eyes = visitor.signed_in().eyes
    if eyes is None:
        raise not_yours()
    asked = (request.args.get("district", "")[:12], request.args.get("trade", "")[:16])
    return eyes, scope.of(eyes, *asked)


def query(eyes: Sight, where: Scope) -> dict[str, str]:
    """The filters as they go on in links; none where nothing is narrowed."""
    narrowed = {"district": where.root or ""} if where.root != eyes.root else {}
    return narrowed | ({"trade": where.trade} if where.trade else {})


def kept() -> dict[str, str]:
    """The filters of the address as they stand, for the way back from one thing."""
    names = ("district", "trade")
    return {name: request.args[name][:16] for name in names if request.args.get(name)}


def choices(unit: Unit, eyes: Sight, where: Scope) -> dict[str, Any]:
    """What the filter form offers: the way up, what lies next below, and the trades."""
    way = [code for code in districts.path(where.root or "")[1:] if _inside(code, eyes)]
    names = trade_words()
    return {
        "district": where.root or "",
        "everywhere": eyes.root or "",
        "places": _named(unit, [*reversed(way), *([where.root] if where.root else [])])
        + _below(unit, where.root),
        "trade": where.trade,
        "trades": [(t, names[t]) for t in INDUSTRIES if eyes.trades is None or t in eyes.trades],
    }


def trade_words() -> dict[str, str]:
    """The fields of supervision as they are shown."""
    return dict(zip(INDUSTRIES, (_("工矿商贸"), _("建筑施工"), _("特种设备")), strict=True))


def _inside(code: str, eyes: Sight) -> bool:
    return eyes.root is None or (districts.within(code, eyes.root) and code != eyes.root)


def _named(unit: Unit, codes: list[str]) -> list[tuple[str, str]]:
    names = dict(
        unit.db.execute(select(Place.code, Place.name).where(Place.code.in_(codes))).all()
    )
    return [(code, names.get(code, code)) for code in codes]


def _below(unit: Unit, root: str | None) -> list[tuple[str, str]]:
    """The named districts of the next level."""
    inside = districts.below(root, Place.code) if root else Place.code != ""
    deeper = func.length(Place.code) > len(root or "")
    level = unit.db.scalar(select(func.min(func.length(Place.code))).where(inside, deeper))
    rows = select(Place.code, Place.name).where(inside, func.length(Place.code) == level)
    return [
        (code, name) for code, name in unit.db.execute(rows.order_by(Place.code).limit(_CHOICES))
    ]
