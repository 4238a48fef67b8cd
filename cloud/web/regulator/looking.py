"""Where a regulator looks: the filters of the address, and what is kept for all who look.

`?district=` and `?trade=` narrow every page of the supervision and every register; `?type=`,
`?firm=`, `?category=` and `?use=` (scope.Only) those that tell of machines. They stay in its
links.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask_babel import gettext as _
from sqlalchemy import func, select

from cloud.base import districts
from cloud.base.unit import Ground, Unit
from cloud.cases.alarms import GRAVE_FIRST, Alarm
from cloud.oversight import chart, scope, tally, trends, unclosed
from cloud.oversight.chart import Chart
from cloud.oversight.kept import Kept
from cloud.oversight.scope import Only, Scope
from cloud.oversight.tally import Tally
from cloud.oversight.trends import Trends
from cloud.oversight.unclosed import Unclosed
from cloud.registry import enterprises
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.places import Place
from cloud.registry.sight import Sight
from cloud.web import visitor
from cloud.web.trouble import not_yours
from cloud.work import profiles

_CHOICES, _WORDS = 300, 40
_NARROWED = 20  # what somebody looks at besides all, and may be nearly all
_LONGEST = 60  # characters of a filter
_ONLY = tuple(one.name for one in fields(Only))


Key = TypeVar("Key")
Made = TypeVar("Made")


class Figures:
    """Made for all: tallies and `chart` of all machines, or of those that somebody looks at,
    `parts` = pages by who sees them, `words` = what machines are called most.

    Those at work are counted by themselves: few, so their number is the fresher one.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        keep_s = ground.settings.figures_s
        homes, work = self._read(tally.homes), self._read(tally.at_work)
        points, called = self._read(chart.chart), self._read(_most)
        self.homes: Kept[Only, Tally] = Kept(homes, keep_s, behind=True, most=_NARROWED)
        self.work: Kept[Only, Tally] = Kept(work, keep_s / 2, behind=True, most=_NARROWED)
        self.chart: Kept[Only, Chart] = Kept(points, keep_s, behind=True, most=_NARROWED)
        self.words: Kept[str, list[str]] = Kept(called, 60 * keep_s, behind=True)
        self.unclosed: Kept[None, list[Unclosed]] = Kept(
            self._read(lambda unit, _: unclosed.every(unit)), keep_s
        )
        self.trends: Kept[tuple[Scope, int], Trends] = Kept(self._read(_trends), 60 * keep_s)
        self.parts: Kept[Any, Any] = Kept(lambda key: key.make(self.parts.last(key)), keep_s)

    def _read(self, make: Callable[[Unit, Key], Made]) -> Callable[[Key], Made]:
        def made(key: Key) -> Made:
            with self._ground.read() as unit:
                return make(unit, key)

        return made

    def numbers(self, where: Scope) -> dict[str, int]:
        return tally.numbers(self.homes.get(where.only), self.work.get(where.only), where)

    def counted_at(self, only: Only) -> int | None:
        """Since when the oldest of the numbers stands, if counting them takes long; else None."""
        slow = [one for one in (self.homes, self.work) if one.slow(only)]
        return min((one.get(only).at for one in slow), default=None)

    def alarms(self, eyes: Sight, where: Scope) -> list[str]:
        """Ids of the open ones that are seen here, the grave and overdue ones first."""
        if where.only:
            with self._ground.read() as unit:
                rows = select(Alarm.id).where(where.alarms(eyes)).order_by(*GRAVE_FIRST)
                return list(unit.db.scalars(rows))
        return [one.id for one in unclosed.seen(self.unclosed.get(None), eyes, where)]

    def forget(self) -> None:
        """An alarm was handled: who did it sees so at once."""
        self.unclosed.forget()
        self.parts.forget()


def _trends(unit: Unit, asked: tuple[Scope, int]) -> Trends:
    where, days = asked
    within = profiles.load(unit.settings.profile).coded_within_days
    return trends.trends(unit, where, within, days)


def _most(unit: Unit, name: str) -> list[str]:
    """The texts that most machines have in this column."""
    column = getattr(Machine, name)
    rows = select(column).where(column != "").group_by(column)
    most = unit.db.scalars(rows.order_by(func.count().desc(), column).limit(_WORDS))
    return sorted(most)


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
    return eyes, scope.of(eyes, *asked, only=_only())


def _only() -> Only:
    """What else the address narrows; a type that is none is passed over."""
    asked = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _ONLY}
    if asked["type"] not in enterprises.KINDS:
        asked["type"] = ""
    return Only(**asked)


def query(eyes: Sight, where: Scope) -> dict[str, str]:
    """The filters as they go on in links; none where nothing is narrowed."""
    narrowed = {"district": where.root or ""} if where.root != eyes.root else {}
    narrowed |= {"trade": where.trade} if where.trade else {}
    return narrowed | {name: words for name, words in asdict(where.only).items() if words}


def kept() -> dict[str, str]:
    """The filters of the address as they stand, for the way back from one thing."""
    names = ("district", "trade", *_ONLY)
    return {name: request.args[name][:_LONGEST] for name in names if request.args.get(name)}


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


def filters(unit: Unit, eyes: Sight, where: Scope) -> dict[str, Any]:
    """What regulator/filters.html shows, and what the page's links carry on."""
    return {
        "offered": choices(unit, eyes, where),
        "narrows": narrows(where),
        "query": query(eyes, where),
    }


def narrows(where: Scope) -> dict[str, Any]:
    """What the filter form offers besides, on pages that tell of machines."""
    return {
        "only": where.only,
        "types": firm_words(),
        "categories": _offered("category", where.only.category),
        "uses": _offered("trade", where.only.use),
    }


def _offered(name: str, chosen: str) -> list[str]:
    """What most machines have in this column, and what is chosen already."""
    most = figures().words.get(name)
    return most if chosen in ("", *most) else [chosen, *most]


def firm_words() -> dict[str, str]:
    """The types of enterprises as they are shown."""
    words = (_("一般企业"), _("小微企业"), _("个体户"), _("灵活用工"), _("家庭使用"))
    return dict(zip(enterprises.KINDS, words, strict=True))


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
