"""A look at what is sealed is an act of its own: who, at whose field, why, stands in the trail."""

from typing import Any

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.registry import people
from cloud.registry.people import Person

FIELDS = ("identity", "phone")


class NotEntitled(Exception):
    """Only an active account of the office opens a sealed field."""


def field(unit: Unit, person: Person, which: str, by: Person, why: str) -> str:
    """A sealed field of a person in clear, one of FIELDS; the look is recorded with its reason."""
    if by.status != "active" or "office" not in by.roles:
        raise NotEntitled
    opened = people.identity(unit, person) if which == "identity" else people.phone(unit, person)
    note(unit, person.district, by.id, person.id, {"field": which, "why": why})
    return opened


def note(unit: Unit, district: str, by: str, subject: str, details: dict[str, Any]) -> None:
    """A look at something sealed: a field, a picture."""
    audit.write(unit, district, by, "looked", subject, details)
