"""The enterprise's people, and whose certificates end within 90, 30 or 7 days."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _

from cloud.base.clock import china_day
from cloud.registry import staff
from cloud.registry.people import Person
from cloud.registry.staff import Paper
from cloud.web import paging, visitor
from cloud.web.accounts.registering import role_words
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.regulator.looking import trade_words
from cloud.web.welder.papers import issuer_words
from cloud.work.facts import FIELD_OF_ISSUER

LEVELS = {
    "good": (_("有效"), "working"),
    "90": (_("90 天内到期"), "ready"),
    "30": (_("30 天内到期"), "waiting"),
    "7": (_("7 天内到期"), "alarm"),
    "over": (_("已到期"), "alarm"),
    "bad": (_("暂扣、撤销或待核验"), "stopped"),
    "other": (_("不能用于焊接"), "offline"),
    "none": (_("没有焊接操作证"), "alarm"),
}
STATUSES = {"pending": _("待审核"), "active": "", "blocked": _("已停用")}


@blueprint.get("/enterprise/people")
def people() -> str:
    """The enterprise's people; who needs to renew something comes first."""
    with visitor.ground().read() as unit:
        _manager, firm = manager(unit)
        today, words = china_day(unit.now), role_words() | {"enterprise": _("管理员")}

        def read(limit: int, offset: int) -> list[dict[str, Any]]:
            found = staff.of_enterprise(unit, firm, limit, offset)
            held = staff.papers(unit, [one.id for one in found], today)
            return [_shown(one, held[one.id], words) for one in found]

        turned = paging.turned(read)
    return render_template("enterprise/people.html", page=turned, levels=LEVELS)


def _shown(person: Person, held: list[Paper], words: dict[str, Any]) -> dict[str, Any]:
    shown = [_paper(one) for one in held]
    if "welder" in person.roles and not any(one.welding for one in held):
        shown.append({"level": "none"})
    return {
        "name": person.name,
        "login": person.login,
        "roles": " ".join(str(words.get(role, role)) for role in sorted(person.roles)),
        "status": STATUSES.get(person.status, ""),
        "papers": shown,
    }


def _paper(one: Paper) -> dict[str, Any]:
    issuer, good = one.certificate.issuer, one.welding and one.level not in ("over", "bad")
    return {
        "level": one.level if one.welding else "other",
        "field": trade_words()[FIELD_OF_ISSUER[issuer]] if good else "",
        "issuer": issuer_words()[issuer],
        "category": one.certificate.category,
        "until": one.until.isoformat(),
    }
