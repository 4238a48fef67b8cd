"""The first account: a new installation has none, and no password is built in or printed.

Whoever starts it is given a link that is good once, for an hour; it opens the page on which one
office account is made. The link stops working once there is an office account.
"""

import secrets

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.book import audit
from cloud.registry import accounts, one_time, people
from cloud.registry.people import BadPerson, Person, PersonRole

PURPOSE = "first-start"
LIFE_S = 3600
_TRIES = 1000  # nobody guesses 256 bits


def needed(unit: Unit) -> bool:
    """Whether there is no active account of the office."""
    office = PersonRole.person_id.in_(select(Person.id).where(Person.status == "active"))
    rows = select(PersonRole.person_id).where(PersonRole.role == "office", office).limit(1)
    return unit.db.scalar(rows) is None


def link(unit: Unit) -> str:
    """The address of the page, with a fresh token in place of every earlier one. It stands behind
    a #, which no browser sends: it is in no log of a server or proxy."""
    token = secrets.token_urlsafe(32)
    one_time.keep(unit, PURPOSE, "", token, life_s=LIFE_S, tries=_TRIES)
    return f"{unit.settings.base_url}/first#{token}"


def opens(unit: Unit, token: str) -> bool:
    """Whether the link still works."""
    return one_time.good(unit, PURPOSE, "", token) is not None


def make(
    unit: Unit, token: str, *, name: str, login: str, district: str, kept: str
) -> Person | str:
    """The account, with what `accounts.hashed` kept of its password; or what is wrong: `link`,
    `taken`, or the name of a field."""
    if one_time.good(unit, PURPOSE, "", token) is None:
        return "link"
    try:
        with unit.savepoint():
            person = people.add(
                unit,
                name=name,
                login=login,
                district=district,
                roles={"office"},
                status="active",
            )
    except BadPerson as error:
        return error.field
    except IntegrityError:
        return "taken"
    accounts.keep_password(unit, person.id, kept)
    one_time.void(unit, PURPOSE, "")
    audit.write(unit, district, person.id, "first-account-made", person.id, {})
    return person
