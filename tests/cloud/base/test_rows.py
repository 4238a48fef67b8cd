"""What a question that is made once gives is what the ORM would have given."""

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import OperationalError

from cloud.base.rows import Rows
from cloud.base.unit import Ground
from cloud.book.audit import AuditHead
from cloud.registry import people
from cloud.registry.people import Person
from tests.cloud.statements import statements

LINKED = Rows(select(AuditHead).where(AuditHead.seq >= bindparam("least")).order_by(AuditHead.seq))
NAMED = Rows(select(Person).where(Person.name == bindparam("name")))


def head(name: str, seq: int) -> AuditHead:
    return AuditHead(district=name, seq=seq, hash="")


def test_a_question_sees_what_this_unit_changed_and_gives_each_row_once(either: Ground) -> None:
    with either.write() as unit:
        unit.db.add_all([head("a", 3), head("b", 5)])
    with either.write() as unit:
        a, b = LINKED.all(unit.db, least=0)
        assert [(row.district, row.seq, row.hash) for row in (a, b)] == [
            ("a", 3, ""),
            ("b", 5, ""),
        ]
        a.seq = 9
        unit.db.add(head("c", 7))
        found = LINKED.all(unit.db, least=6)
        assert [row.district for row in found] == ["c", "a"] and found[1] is a
        assert LINKED.first(unit.db, least=10) is None
    with either.read() as unit:
        assert unit.db.get_one(AuditHead, "a").seq == 9


def test_people_come_with_their_roles_and_a_changed_role_is_written(either: Ground) -> None:
    with either.write() as unit:
        given = {"name": "演示", "login": "rows", "district": "990101"}
        people.add(unit, roles={"welder", "fire_watch"}, **given)
    with either.write() as unit:
        person = NAMED.first(unit.db, name="演示")
        assert person is not None and person.roles == {"welder", "fire_watch"}
        person.roles = frozenset({"office"})
    with either.read() as unit:
        again = NAMED.first(unit.db, name="演示")
        assert again is not None and again.roles == {"office"}


@pytest.mark.sqlite
def test_what_waits_for_another_table_is_not_written_for_a_question(ground: Ground) -> None:
    with ground.write() as unit:
        unit.db.add(head("a", 1))
        with statements(ground.engine) as asked:
            assert NAMED.all(unit.db, name="") == []
        assert len(unit.db.new) == 1 and len(asked) <= 1


@pytest.mark.sqlite
def test_what_the_driver_refuses_is_told_as_all_others_are(ground: Ground) -> None:
    with ground.write() as unit:
        assert LINKED.all(unit.db, least=0) == []
        unit.db.execute(text(f"ALTER TABLE {AuditHead.__tablename__} RENAME TO gone"))
        with pytest.raises(OperationalError):
            LINKED.all(unit.db, least=0)
        unit.db.execute(text(f"ALTER TABLE gone RENAME TO {AuditHead.__tablename__}"))
