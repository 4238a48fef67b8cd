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
    narrowed = scope.trades is not None or bool(scope.only)
    found = list(unit.db.scalars(newest.limit(_LOOK_AT if narrowed else most)))
    known = {row.details.get("machine") for row in found}
    asked = select(Machine.id, Machine.code, Machine.name)
    meant = (Machine.id.in_(known), scope.sight.own(Machine.industry), scope.only.machines)
    machines = {id: rest for id, *rest in unit.db.execute(asked.where(*meant))}
    told = []
    for row in found:
        id = row.details.get("machine")
        if id in machines or not narrowed:
            code, name = machines.get(id, ("", ""))
            step = row.details.get("step", "apply")
            codes = list(row.details.get("refusals", ()))
            told.append({"at": row.at, "machine": code, "name": name, "step": step})
            told[-1]["codes"] = codes
        if len(told) == most:
            break
    return told
