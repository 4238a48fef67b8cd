"""People of an enterprise and their certificates' ends (cloud/registry/staff.py)."""

from datetime import date
from typing import Any

import pytest

from cloud.registry import certificates, staff


@pytest.fixture
def firm(county: Any) -> Any:
    return county.enterprise()


def levels(county: Any, person: Any) -> list[str]:
    held = county.ask(staff.papers, [person.id], date.fromisoformat(county.day(0)))
    return [one.level for one in held[person.id]]


def ending(county: Any, person: Any) -> list[str]:
    today = date.fromisoformat(county.day(0))
    return [one.level for one in county.ask(staff.ending, person.id, today)]


@pytest.mark.parametrize(
    ("days", "level"),
    [
        (-1, "over"),
        (0, "7"),
        (7, "7"),
        (8, "30"),
        (30, "30"),
        (31, "90"),
        (90, "90"),
        (91, "good"),
    ],
)
@pytest.mark.parametrize("ends", ["valid_to", "review_by"])
def test_a_certificate_warns_90_30_and_7_days_before(
    county: Any, firm: Any, days: int, level: str, ends: str
) -> None:
    far = {"valid_to": county.day(400), "review_by": ""}
    person = county.welder(firm, **far | {ends: county.day(days)})
    assert levels(county, person) == [level]


def test_what_the_issuer_suspended_or_nobody_confirmed_is_bad(county: Any, firm: Any) -> None:
    person = county.welder(firm, status="suspended")
    waits = county.certificate(person, issuer="housing")
    county.do(lambda unit: certificates.wait(unit, certificates.get(unit, waits.id)))
    assert levels(county, person) == ["bad", "bad"]


def test_who_lacks_a_certificate_comes_first_then_whose_ends_soonest(
    county: Any, firm: Any
) -> None:
    good = county.welder(firm, review_by="", valid_to=county.day(300))
    soon = county.welder(firm, valid_to=county.day(5), review_by="")
    county.certificate(soon, issuer="housing")  # another trade: it does not stand in
    bare = county.person("welder", enterprise=firm)
    watch = county.fire_watch(firm)
    county.welder(county.enterprise(), valid_to=county.day(1), review_by="")
    rows = county.ask(staff.of_enterprise, firm.id, 10)
    assert [one.id for one in rows] == [bare.id, soon.id, good.id, watch.id]
    assert [one.id for one in county.ask(staff.of_enterprise, firm.id, 2, 1)] == [soon.id, good.id]


def test_a_renewed_certificate_of_the_same_issuer_stands_in_for_the_old_one(
    county: Any, firm: Any
) -> None:
    today = date.fromisoformat(county.day(0))
    person = county.welder(firm, valid_to=county.day(-3), review_by="")
    assert county.ask(staff.near_end, firm.id, today) == 1
    county.certificate(person, review_by="")
    assert county.ask(staff.near_end, firm.id, today) == 0


@pytest.mark.parametrize("category", ["高处作业", "非金属焊接", "焊工", "金属焊接操作"])
def test_only_a_welding_certificate_lets_one_weld(county: Any, firm: Any, category: str) -> None:
    today = date.fromisoformat(county.day(0))
    person = county.welder(firm, category=category, valid_to=county.day(5), review_by="")
    (paper,) = county.ask(staff.papers, [person.id], today)[person.id]
    assert paper.welding == (category in ("焊工", "金属焊接操作"))
    assert county.ask(staff.near_end, firm.id, today) == paper.welding


@pytest.mark.parametrize(
    ("days", "told"),
    [(-1, ["over"]), (0, ["7"]), (7, ["7"]), (8, ["30"]), (30, ["30"]), (31, ["90"]), (90, ["90"]),
     (91, [])],
)  # fmt: skip
def test_a_welder_is_told_how_near_the_end_is(county: Any, days: int, told: list[str]) -> None:
    welder = county.welder(valid_to=county.day(days), review_by="")
    assert ending(county, welder) == told


def test_who_has_a_longer_certificate_of_the_same_issuer_is_told_nothing(county: Any) -> None:
    welder = county.welder(valid_to=county.day(5), review_by="")
    county.certificate(welder, valid_to=county.day(400), review_by="")
    assert ending(county, welder) == []
