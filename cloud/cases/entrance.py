"""Who came in, who was turned away, and what became of their keys: each a row of the audit trail.

Refusals to accounts that do not exist stand in a chain of their own, `unknown`, without the name.
"""

from typing import Any

from cloud.base.unit import Ground, Unit
from cloud.book import audit
from cloud.registry import accounts, factors, pins
from cloud.registry.accounts import Refused, SignedIn
from cloud.registry.people import Person

NOBODY = "unknown"


def sign_in(
    ground: Ground, login: str, password: str, address: str, **given: str
) -> SignedIn | Refused:
    """`accounts.sign_in` with its record."""
    return accounts.sign_in(ground, login, password, address, record=record, **given)


def confirm_factor(
    unit: Unit, person: Person, typed: str, address: str, agent: str
) -> tuple[list[str], SignedIn] | None:
    """The second factor comes in force if the code is right: recovery codes and a fresh session.

    Every session that began without it ends: whoever knew the password alone is out.
    """
    if accounts.too_often(unit, "factor", person.id):
        return None
    codes = factors.confirm(unit, person, typed)
    if codes is None:
        return None
    accounts.sign_out_everywhere(unit, person.id)
    tell(unit, person, "second-factor-begun", {})
    return codes, accounts.begin(unit, person, address, agent)


def end_factor(unit: Unit, person: Person, typed: str) -> bool:
    """Given up by its owner, who proves it once more by a code; False if that is wrong."""
    if accounts.too_often(unit, "factor", person.id):
        return False
    if not factors.in_force(unit, person.id) or factors.judge(unit, person.id, typed):
        return False
    factors.end(unit, person)
    tell(unit, person, "second-factor-ended", {})
    return True


def set_pin(unit: Unit, person: Person, typed: str, token: str) -> bool:
    """Another PIN, by who has just signed in with this session; False if that was too long ago.
    WeakPin."""
    if unit.now >= accounts.began_at(unit, token) + unit.settings.pin_fresh_s * 1000:
        return False
    pins.put(unit, person.id, typed, accounts.session_id(token))
    tell(unit, person, "pin-set", {})
    return True


def end_sessions(unit: Unit, person: Person, id: str = "") -> int:
    """One of one's own sessions, or all; how many ended."""
    count = accounts.end_sessions(unit, person.id, id)
    tell(unit, person, "sessions-ended", {"count": count})
    return count


def denied(unit: Unit, district: str, person_id: str, what: str) -> None:
    """Somebody signed in reached for what is not theirs; `what` = the page, never whose."""
    audit.write(unit, district, person_id, "access-denied", what, {})


def record(unit: Unit, person: Person | None, word: str) -> None:
    """A sign-in that was decided: `word` = why not, empty = signed in."""
    what = "sign-in-refused" if word else "signed-in"
    if person is None:
        audit.write(unit, NOBODY, NOBODY, what, NOBODY, {"why": word})
    else:
        tell(unit, person, what, {"why": word} if word else {})


def tell(unit: Unit, person: Person, what: str, details: dict[str, Any]) -> None:
    """What somebody did with their own account."""
    audit.write(unit, person.district, person.id, what, person.id, details)
