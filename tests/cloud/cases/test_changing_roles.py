"""The office gives an existing account other roles (cloud/cases/registrations.py)."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.book.audit import AuditRow
from cloud.book.outbox import Event
from cloud.cases import registrations
from cloud.cases.registrations import NotEntitled, Turned
from cloud.registry import accounts, departments, people
from cloud.registry.accounts import SignedInSession
from tests.cloud.cases.conftest import IDENTITY


@pytest.fixture
def office(here: Any) -> Any:
    return here.person("office")


def change(here: Any, person: Any, by: Any, *roles: str, **more: str) -> Turned | None:
    with here.ground.write() as unit:
        found = (people.get(unit, one.id) for one in (person, by))
        done = registrations.change_roles(unit, *found, frozenset(roles), "调岗", **more)
        assert done is None or isinstance(done, Turned)
        return done


def roles(here: Any, person: Any) -> set[str]:
    return set(here.ask(people.get, person.id).roles)


def test_roles_change_at_once_and_every_session_ends(here: Any, office: Any) -> None:
    person = here.person("welder", identity=IDENTITY, password="made-up-password")
    accounts.sign_in(here.ground, person.login, "made-up-password", "")
    assert here.ask(lambda unit: unit.db.query(SignedInSession).count()) == 1
    assert change(here, person, office, "welder", "fire_watch") is None
    assert roles(here, person) == {"welder", "fire_watch"}
    assert here.ask(lambda unit: unit.db.query(SignedInSession).count()) == 0
    row = here.ask(lambda unit: unit.db.scalar(select(AuditRow)))
    assert (row.what, row.actor, row.subject) == ("roles-changed", office.id, person.id)
    assert row.details == {
        "before": ["welder"],
        "roles": ["fire_watch", "welder"],
        "department": "",
    }
    kept = here.ask(people.get, person.id)
    assert (kept.judged_by, kept.judged_why, kept.status) == (office.id, "调岗", "active")


def test_a_welder_who_was_let_in_may_also_watch(here: Any, office: Any) -> None:
    person = here.person("welder")  # its number was never entered
    assert change(here, person, office, "welder", "fire_watch") is None


def test_what_is_so_already_changes_and_writes_nothing(here: Any, office: Any) -> None:
    person = here.person("fire_watch")
    assert change(here, person, office, "fire_watch") is None
    assert here.ask(lambda unit: list(unit.db.scalars(select(AuditRow)))) == []
    assert here.ask(lambda unit: list(unit.db.scalars(select(Event)))) == []


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("welder", [], "roles"),
        ("welder", ["king"], "roles"),
        ("welder", ["platform"], "roles"),
        ("platform", ["officer"], "roles"),
        ("officer", ["officer", "welder"], "mixed"),
        ("office", ["office", "technician"], "mixed"),
        ("officer", ["welder"], "identity"),
        ("technician", ["fire_watch"], "identity"),
        ("technician", ["enterprise"], "enterprise"),
    ],
)
def test_what_does_not_go_together_is_turned_away(
    here: Any, office: Any, before: str, after: list[str], field: str
) -> None:
    person = here.person(before)
    assert change(here, person, office, *after) == Turned(field)
    assert roles(here, person) == {before}


def test_an_officer_is_posted_and_the_post_goes_with_the_role(here: Any, office: Any) -> None:
    here.do(departments.put, "fire", "演示消防", {"industry"})
    person = here.person("technician")
    assert change(here, person, office, "technician", department="fire") == Turned("department")
    assert change(here, person, office, "officer", department="nowhere") == Turned("department")
    assert change(here, person, office, "officer", department="fire") is None
    assert here.ask(departments.of, person.id).code == "fire"
    assert change(here, person, office, "technician") is None
    assert here.ask(departments.of, person.id) is None


@pytest.mark.parametrize("who", ["welder", "officer", "enterprise", "technician"])
def test_nobody_but_the_office_changes_roles(here: Any, who: str) -> None:
    with pytest.raises(NotEntitled):
        change(here, here.person("welder"), here.person(who), "officer")


def test_nobody_changes_their_own_so_one_of_the_office_always_remains(
    here: Any, office: Any
) -> None:
    with pytest.raises(NotEntitled):
        change(here, office, office, "officer")
    other = here.person("office")
    assert change(here, other, office, "officer") is None
    with pytest.raises(NotEntitled):
        change(here, office, other, "officer")
    with pytest.raises(NotEntitled):
        change(here, other, here.person("office", status="blocked"), "office")
