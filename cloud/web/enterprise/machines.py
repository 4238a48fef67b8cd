"""The enterprise's machines: state, and when each was last heard of."""

from __future__ import annotations

from typing import Any

from flask import render_template
from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.link.terminals import Terminal
from cloud.registry.machines import Machine
from cloud.web import paging, visitor
from cloud.web.enterprise.blueprint import blueprint, manager
from cloud.web.regulator import overview
from cloud.web.regulator.words import STATES


@blueprint.get("/enterprise/machines")
def machine_list() -> str:
    """The machines in the order of their names."""
    with visitor.ground().read() as unit:
        _person, firm = manager(unit)
        turned = paging.turned(lambda limit, offset: page_of(unit, firm, limit, offset))
        return render_template("enterprise/machines.html", page=turned, words=STATES, now=unit.now)


def page_of(unit: Unit, firm: str, limit: int, offset: int) -> list[dict[str, Any]]:
    """Machines as on the supervision's list, and `seen` = when last heard of (epoch ms)."""
    ours = select(Machine.id).where(Machine.enterprise_id == firm, Machine.status != "scrapped")
    ordered = ours.order_by(Machine.name, Machine.code)
    ids = list(unit.db.scalars(ordered.limit(limit).offset(offset)))
    heard = select(Machine.code, Terminal.seen_at).join(
        Terminal, Terminal.device == Machine.device
    )
    seen = {code: at for code, at in unit.db.execute(heard.where(Machine.id.in_(ids)))}
    return [row | {"seen": seen.get(row["code"])} for row in overview.these(unit, ids)]
