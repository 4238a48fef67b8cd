"""The owner's first scan makes a machine of a line of its maker's list (CQ art. 7)."""

from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.registry import maker_list
from cloud.registry.machines import BadMachine, Machine
from cloud.registry.people import Person


class NotEntitled(Exception):
    """Only an active account of an enterprise, which becomes the owner."""


def activate(
    unit: Unit, code: str, owner: Person, *, name: str, district: str, industry: str
) -> Machine | None:
    """The machine, now the owner's; None if no list has the code or it is activated already.

    BadMachine if district or industry is wrong, or the terminal sits on another machine.
    """
    if owner.status != "active" or "enterprise" not in owner.roles or not owner.enterprise_id:
        raise NotEntitled
    line = maker_list.waiting(unit, code, held=True)
    if line is None:
        return None
    try:
        with unit.savepoint():
            machine = maker_list.activate(
                unit,
                line,
                name=name,
                district=district,
                industry=industry,
                enterprise_id=owner.enterprise_id,
            )
    except IntegrityError:
        raise BadMachine("its code or terminal is on another machine") from None
    told = {"device": machine.device, "enterprise": machine.enterprise_id}
    audit.write(unit, district, owner.id, "machine-activated", machine.id, told)
    return machine
