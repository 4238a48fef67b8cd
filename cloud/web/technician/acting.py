"""One press is one form, one write unit, one function of the room; its faults in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.cases import service
from cloud.cases.service import NotEntitled, NotNow, NotTrained
from cloud.registry import people
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.technician import words
from cloud.web.trouble import log_in_first, not_yours

Answer = TypeVar("Answer")


def acted(act: Callable[[Unit, Person], Answer], part: str = "") -> Answer:
    """Do `act` once for this form; a double press gets the answer of the first.

    `part` names the second thing that one form does.
    """

    def act_now() -> Answer:
        try:
            with visitor.ground().write() as unit:
                return act(unit, _me(unit))
        except IntegrityError:  # somebody was quicker with the same terminal
            raise words.not_now(NotNow("terminal-elsewhere")) from None
        except NotNow as error:
            raise words.not_now(error) from None
        except NotTrained:
            raise words.untrained() from None
        except NotEntitled:
            raise not_yours() from None

    return fields.once(act_now, part)


def entitled(unit: Unit, person: Person) -> None:
    """Trouble unless this person may fit and mend."""
    try:
        service.entitled(unit, person)
    except NotTrained:
        raise words.untrained() from None
    except NotEntitled:
        raise not_yours() from None


def _me(unit: Unit) -> Person:
    person = people.get(unit, visitor.signed_in().id)
    if person is None:
        raise log_in_first()
    return person
