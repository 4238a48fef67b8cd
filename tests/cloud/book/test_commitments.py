"""Personal fields in the trail can be matched while the person is there, and never afterwards."""

from sqlalchemy import text

from cloud.base.unit import Ground
from cloud.book import commitments
from cloud.book.commitments import AuditSalt
from tests.cloud.conftest import County


def test_a_commitment_is_matched_by_its_own_field_and_value_only(
    either: Ground, county: County
) -> None:
    county.ground = either
    person = county.person("welder")
    with either.write() as unit:
        made = commitments.commit(unit, person.id, {"name": "张三", "phone": ""})
        again = commitments.commit(unit, person.id, {"name": "张三"})
    assert list(made) == ["name"] and made == again
    with either.read() as unit:
        assert commitments.holds(unit, person.id, "name", "张三", made["name"])
        assert not commitments.holds(unit, person.id, "name", "李四", made["name"])
        assert not commitments.holds(unit, person.id, "phone", "张三", made["name"])


def test_two_people_of_one_name_have_different_commitments(county: County) -> None:
    one, two = county.person("welder"), county.person("welder")
    made = [county.do(commitments.commit, who.id, {"name": "张三"}) for who in (one, two)]
    assert made[0] != made[1]


def test_after_forgetting_nobody_can_match(either: Ground, county: County) -> None:
    county.ground = either
    person = county.person("welder")
    made = county.do(commitments.commit, person.id, {"name": "张三"})
    county.do(commitments.forget, person.id)
    county.do(commitments.forget, person.id)
    assert not county.ask(commitments.holds, person.id, "name", "张三", made["name"])


def test_the_salt_goes_with_the_person(either: Ground, county: County) -> None:
    county.ground = either
    person = county.person("welder")
    county.do(commitments.commit, person.id, {"name": "张三"})
    with either.write() as unit:
        unit.db.execute(text("DELETE FROM person_role"))
        unit.db.execute(text("DELETE FROM person"))
    with either.read() as unit:
        assert unit.db.get(AuditSalt, person.id) is None
