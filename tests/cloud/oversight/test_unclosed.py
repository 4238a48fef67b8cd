"""What is kept of the open alarms gives to each exactly what the database would give."""

from itertools import product

import pytest

from cloud.base.unit import Unit
from cloud.cases import alarms
from cloud.cases.alarms import Alarm
from cloud.oversight import scope, unclosed
from cloud.registry.machines import INDUSTRIES
from cloud.registry.sight import Sight
from tests.cloud.conftest import County

PLACES = ("990101001", "990102001", "990102P01")
EYES = [
    Sight(None),
    *(Sight(root) for root in ("9901", "990101", "990102", "990101001", "9902", "990102P01")),
    *(Sight("9901", frozenset({trade}), "D1") for trade in INDUSTRIES),
    Sight("990102", frozenset(INDUSTRIES[:2]), "D2"),
    Sight("9902", frozenset(), "D1"),
]


@pytest.fixture
def county(either, clock):
    county = County(either, clock)
    works = county.enterprise()
    homes = [county.machine(works, district=place) for place in PLACES]
    for number, (home, place, trade, to) in enumerate(
        product([None, *homes], PLACES, INDUSTRIES, ("", "D1"))
    ):
        county.do(one, f"T{number}", home.id if home else None, place, trade, to)
    return county


def one(unit: Unit, subject: str, machine: str | None, place: str, trade: str, to: str) -> None:
    kind = "TAMPER" if len(subject) % 2 else "LOW_SIGNAL"
    alarms.raise_alarm(unit, kind, subject, district=place, machine_id=machine)
    alarm = unit.db.query(Alarm).filter_by(subject=subject).one()
    alarm.trade, alarm.department = trade, to


def test_everybody_sees_the_same_alarms_as_the_database_would_show(county):
    every = county.ask(unclosed.every)
    filters = list(product(("", "990102", "9902"), ("", INDUSTRIES[0])))
    seen_by_somebody = 0
    for eyes, (district, trade) in product(EYES, filters):
        where = scope.of(eyes, district, trade)
        asked = county.ask(
            lambda unit, where=where, eyes=eyes: [
                row.id
                for row in unit.db.query(Alarm)
                .filter(where.alarms(eyes))
                .order_by(*alarms.GRAVE_FIRST)
            ]
        )
        assert [row.id for row in unclosed.seen(every, eyes, where)] == asked, (eyes, where)
        seen_by_somebody += 0 < len(asked) < len(every)
    assert seen_by_somebody > len(EYES)
