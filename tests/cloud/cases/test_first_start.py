"""No account is built in: a new installation gives out one link that makes the first."""

from cloud.cases import first_start
from cloud.registry.accounts import Account
from cloud.registry.people import Person

GIVEN = {"name": "演示运维员", "login": "Boss", "district": "99", "kept": "a-hash"}


def token(county):
    return county.do(first_start.link).partition("/first#")[2]


def make(county, token, **given):
    return county.do(first_start.make, token, **(GIVEN | given))


def test_a_new_installation_has_no_account_and_no_person(ground):
    with ground.read() as unit:
        assert unit.db.query(Account).count() == unit.db.query(Person).count() == 0
        assert first_start.needed(unit)


def test_the_link_makes_one_account_of_the_office_and_is_used_by_that(county):
    given = token(county)
    made = make(county, given)
    assert (made.login, made.roles, made.status) == ("boss", {"office"}, "active")
    assert not county.ask(first_start.needed)
    assert make(county, given, login="second") == "link"


def test_it_ends_after_an_hour_and_with_the_next_one(county, clock):
    first, second = token(county), token(county)
    assert make(county, first) == "link"
    clock.forward(first_start.LIFE_S)
    assert make(county, second) == "link"
    assert make(county, "") == make(county, "x" * 5000) == "link"


def test_a_wrong_field_leaves_the_link_good(county):
    given = token(county)
    assert make(county, given, district="9") == "district"
    county.person("welder", login="taken")
    assert make(county, given, login="Taken") == "taken"
    assert make(county, given).status == "active"


def test_a_blocked_office_account_is_none(county):
    county.person("office", status="blocked")
    assert county.ask(first_start.needed)
