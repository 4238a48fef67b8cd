"""The blueprint on which the enterprise's routes hang, and for which enterprise they speak."""

from __future__ import annotations

from flask import Blueprint

from cloud.base.unit import Unit
from cloud.registry.people import Person
from cloud.web import visitor
from cloud.web.trouble import not_yours
from cloud.web.welder.pages import person_of

blueprint = Blueprint("enterprise", __name__, template_folder="templates")


def manager(unit: Unit) -> tuple[Person, str]:
    """The viewer and the id of the enterprise they manage; 403 without one."""
    person = person_of(unit, visitor.signed_in())
    if person.enterprise_id is None or person.status != "active":
        raise not_yours()
    return person, person.enterprise_id
