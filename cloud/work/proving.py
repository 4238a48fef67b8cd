"""Whoever acts is the one who signed in: the PIN 作业密码, typed within the last minutes."""

from cloud.base.unit import Unit
from cloud.registry import pins
from cloud.registry.people import Person
from cloud.work.facts import ProofFacts


def proof(unit: Unit, person: Person, session: str, typed: str = "") -> ProofFacts:
    """How this person's PIN stands in this session, after the try if something was typed.

    The unit must be committed in any case, or the try does not count.
    """
    if typed:
        found = pins.judge(unit, person.id, session, typed)
    else:
        found = pins.standing(unit, person.id, session)
    return ProofFacts(found.proved_at, found.word, found.left)


def later(unit: Unit) -> ProofFacts:
    """What a step is judged with that only leads up to the one where the PIN is typed."""
    return ProofFacts(unit.now)


def wanted(unit: Unit, person: Person, session: str) -> str:
    """What the page asks for: `set` (there is none, or it is void), `type`, or nothing."""
    found = pins.standing(unit, person.id, session)
    if found.word:
        return "set"
    fresh = ProofFacts(found.proved_at).fresh(unit.now, unit.settings.pin_fresh_s)
    return "" if fresh else "type"
