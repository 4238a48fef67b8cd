"""One press is one form, one write unit, one function of the room; its faults in plain words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import current_app, request
from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.cases import service
from cloud.cases.service import NotEntitled, NotNow, NotTrained
from cloud.registry import people
from cloud.registry.people import Person
from cloud.web import fields, once, visitor
from cloud.web.technician import words
from cloud.web.trouble import log_in_first, not_yours

Answer = TypeVar("Answer")


def acted(act: Callable[[Unit, Person], Answer], part: str = "") -> Answer:
    """Do `act` once for this form; a double press gets the answer of the first.

    `part` names the second thing that one form does.
    """
    number = fields.text("once", "once", limit=once.LENGTH, required=False)

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

    form = f"{request.path} {number} {part}" if number else ""
    answer: Answer = current_app.extensions["hanma_once"].run(
        visitor.session_token(), form, act_now
    )
    return answer


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
