"""The person asks to be registered, the office decides (cloud/cases/registrations.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.base.formats import identity_check
from cloud.book.audit import AuditRow
from cloud.cases import entries, registrations
from cloud.cases.registrations import NotEntitled, Turned
from cloud.registry import people
from cloud.registry.people import Person
from tests.cloud.cases.conftest import IDENTITY


def ask(county: Any, **given: Any) -> Any:
    told = {
        "name": "演示甲",
        "login": "jia",
        "roles": frozenset({"welder"}),
        "identity": IDENTITY,
        "phone": "13800000001",
        "district": "990101001",
    } | given
    return county.do(registrations.register, **told)


def decide(county: Any, call: Any, person: Person, by: Person, *more: str) -> str:
    with county.ground.write() as unit:
        mine = people.get(unit, person.id)
        call(unit, mine, people.get(unit, by.id), *more)
        assert mine is not None
        return mine.status


def test_who_registers_waits_until_the_office_lets_them_in(here: Any) -> None:
    person = ask(here)
    assert person.status == "pending"
    assert [one.id for one in here.ask(people.waiting, 10)] == [person.id]
    office = here.person("office")
    assert decide(here, registrations.approve, person, office) == "active"
    kept = here.ask(people.get, person.id)
    assert (kept.judged_by, kept.judged_at) == (office.id, here.clock.now)
    assert here.ask(people.waiting, 10) == []
    with here.ground.read() as unit:
        whats = list(unit.db.scalars(select(AuditRow.what).order_by(AuditRow.seq)))
    assert whats == ["registered", "person-approved"]


def test_who_is_turned_down_is_told_why_and_may_be_let_in_later(here: Any) -> None:
    person, office = ask(here), here.person("office")
    assert decide(here, registrations.turn_down, person, office, "照片不清") == "refused"
    assert here.ask(people.get, person.id).judged_why == "照片不清"
    assert decide(here, registrations.approve, person, office) == "active"


def test_nobody_lets_the_own_second_account_in(here: Any) -> None:
    """The account of the office has no identity number; by the telephone it is the same person."""
    person, office = ask(here), here.person("office", phone="13800000001")
    with pytest.raises(NotEntitled):
        decide(here, registrations.approve, person, office)
    paper = here.certificate(person)
    with pytest.raises(NotEntitled):
        here.do(entries.confirm, paper, office)
    with pytest.raises(NotEntitled):
        here.do(entries.set_status, paper, office, "normal")


@pytest.mark.parametrize("role", ["welder", "enterprise", "officer", "technician"])
def test_nobody_but_the_office_decides(here: Any, role: str) -> None:
    person = ask(here)
    with pytest.raises(NotEntitled):
        decide(here, registrations.approve, person, here.person(role))


def test_a_blocked_office_account_decides_nothing_and_nobody_decides_over_themselves(
    here: Any,
) -> None:
    person = ask(here)
    with pytest.raises(NotEntitled):
        decide(here, registrations.approve, person, here.person("office", status="blocked"))
    office = here.person("office")
    with pytest.raises(NotEntitled):
        decide(here, registrations.turn_down, office, office, "")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"identity": IDENTITY[:-1] + "Y"}, "identity"),
        ({"identity": ""}, "identity"),
        ({"phone": "12"}, "phone"),
        ({"district": "x"}, "district"),
        ({"name": " "}, "name"),
        ({"login": ""}, "login"),
        ({"roles": frozenset({"office"})}, "roles"),
        ({"roles": frozenset()}, "roles"),
        ({"uscc": "91990101MA0000001Y"}, "uscc"),
        ({"roles": frozenset({"enterprise"})}, "uscc"),
    ],
)
def test_a_wrong_field_is_named(here: Any, wrong: dict[str, Any], field: str) -> None:
    assert ask(here, **wrong) == Turned(field)


@pytest.mark.parametrize("again", [{"login": "other"}, {"identity": "99010119900101002"}])
def test_a_login_and_an_identity_number_are_taken_once(here: Any, again: dict[str, str]) -> None:
    ask(here)
    if "identity" in again:
        again = {"identity": again["identity"] + identity_check(again["identity"])}
    assert ask(here, **again) == Turned("taken")


def test_an_enterprise_is_named_by_its_credit_code(here: Any) -> None:
    firm = here.enterprise()
    person = ask(here, roles=frozenset({"enterprise"}), uscc=firm.uscc)
    assert person.enterprise_id == firm.id
