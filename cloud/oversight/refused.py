"""Refused scans: the latest, as the audit trail has them."""

from typing import Any

from sqlalchemy import select

from cloud.base.unit import Unit
from cloud.book.audit import REFUSED, AuditRow
from cloud.oversight.scope import Scope
from cloud.registry.machines import Machine

_LOOK_AT = 200  # the newest; of them those that are looked for


def latest(unit: Unit, scope: Scope, most: int) -> list[dict[str, Any]]:
    """The newest first: when, which machine, at which step, and the codes of the refusals."""
    rows = select(AuditRow).where(REFUSED, scope.sight.places(AuditRow.district))
    newest = rows.order_by(AuditRow.at.desc(), AuditRow.id)
    found = list(unit.db.scalars(newest.limit(most if scope.trades is None else _LOOK_AT)))
    known = {row.details.get("machine") for row in found}
    asked = select(Machine.id, Machine.code, Machine.name, Machine.industry)
    machines = {id: rest for id, *rest in unit.db.execute(asked.where(Machine.id.in_(known)))}
    told = []
    for row in found:
        code, name, trade = machines.get(row.details.get("machine"), ("", "", ""))
        if scope.trades is None or trade in scope.trades:
            step = row.details.get("step", "apply")
            codes = list(row.details.get("refusals", ()))
            told.append({"at": row.at, "machine": code, "name": name, "step": step})
            told[-1]["codes"] = codes
        if len(told) == most:
            break
    return told
