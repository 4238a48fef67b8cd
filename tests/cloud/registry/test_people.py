"""People: real names, roles in fixed words, personal numbers never in clear at rest."""

import logging
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from cloud.base.formats import identity_check
from cloud.base.unit import Ground, Unit
from cloud.registry import people
from cloud.registry.people import BadPerson, Person

BODY = "99010119800101001"
IDENTITY = BODY + identity_check(BODY)
PHONE = "13800001234"


def add(unit: Unit, **given: Any) -> Person:
    fields = {
        "name": "演示甲",
        "login": "jia",
        "district": "990101001",
        "roles": {"welder"},
        "identity": IDENTITY,
        "phone": PHONE,
    } | given
    return people.add(unit, **fields)


def test_a_new_person_waits_for_approval(unit: Unit) -> None:
    person = add(unit)
    assert person.status == "pending"
    people.set_status(unit, person, "active")
    assert person.status == "active"
    with pytest.raises(BadPerson):
        people.set_status(unit, person, "deleted")


def test_a_person_may_have_several_roles(ground: Ground) -> None:
    with ground.write() as unit:
        person = add(unit, roles={"welder", "fire_watch"})
    with ground.read() as unit:
        found = people.get(unit, person.id)
    assert found is not None
    assert found.roles == {"welder", "fire_watch"}  # readable after the unit


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": {"admin"}},
        {"status": "ok"},
        {"district": "1"},
        {"identity": IDENTITY[:-1] + "?"},
        {"phone": "12345"},
    ],
)
def test_a_wrong_field_is_refused(unit: Unit, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadPerson) as error:
        add(unit, **wrong)
    assert IDENTITY[:-1] not in str(error.value)


def test_a_person_is_found_by_login_in_any_case(unit: Unit) -> None:
    person = add(unit, login=" Jia ")
    assert people.by_login(unit, "JIA") is person
    assert people.by_login(unit, "yi") is None


def test_a_person_is_found_by_identity_number_without_opening_it(unit: Unit) -> None:
    person = add(unit)
    assert people.by_identity(unit, IDENTITY.lower()) is person
    assert people.by_identity(unit, "no number") is None


@pytest.mark.parametrize("again", [{"login": "JIA", "identity": ""}, {"login": "yi"}])
def test_a_login_and_an_identity_number_belong_to_one_person(
    unit: Unit, again: dict[str, str]
) -> None:
    add(unit)
    with pytest.raises(IntegrityError), unit.savepoint():
        add(unit, **again)


def test_many_people_may_have_no_identity_number_on_file(unit: Unit) -> None:
    add(unit, identity="", phone="")
    assert people.masked_identity(unit, add(unit, login="yi", identity="", phone="")) == ""


def test_numbers_are_shown_masked_and_opened_only_on_purpose(unit: Unit) -> None:
    person = add(unit)
    assert people.masked_identity(unit, person) == f"990101********{IDENTITY[-4:]}"
    assert people.masked_phone(unit, person) == "138****1234"
    assert people.identity(unit, person) == IDENTITY
    assert people.phone(unit, person) == PHONE


def test_personal_numbers_are_nowhere_in_database_repr_or_log(
    ground: Ground, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        with ground.write() as unit:
            person = add(unit)
        with ground.read() as unit:
            people.by_identity(unit, IDENTITY)
            rows = [tuple(row) for row in unit.db.execute(text("SELECT * FROM person"))]
    said = f"{person!r} {person} {rows} {caplog.text}"
    assert IDENTITY not in said
    assert PHONE not in said
    assert "演示甲" not in f"{person!r} {person} {caplog.text}"
