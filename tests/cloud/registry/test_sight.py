"""An officer sees the subtree and the department's trades, in every place alike."""

from typing import Any

import pytest
from sqlalchemy import select

from cloud.registry import departments, sight
from cloud.registry.departments import BadDepartment
from cloud.registry.machines import Machine


@pytest.fixture
def here(either: Any, county: Any, clock: Any) -> Any:
    made = type(county)(either, clock)
    made.do(departments.put, "housing", "住建", {"construction"})
    return made


@pytest.mark.parametrize("posted", ["", "housing"])
@pytest.mark.parametrize("root", ["990101", "990101P01", "990101P99", "990202"])
def test_rows_and_values_are_judged_alike(here: Any, posted: str, root: str) -> None:
    officer = here.person("officer", district=root)
    here.do(departments.post, officer, posted)
    places = ("990101001", "990101P01", "990101P01002", "990101P02", "990101P99", "990202001")
    made = [
        here.machine(district=d, industry=i) for d in places for i in ("industry", "construction")
    ]
    eyes = here.ask(sight.of, officer)
    rows = select(Machine.id).where(eyes.places(Machine.district), eyes.own(Machine.industry))
    seen = set(here.ask(lambda unit: unit.db.scalars(rows).all()))
    assert seen == {one.id for one in made if eyes.covers(one.industry, one.district)}
    assert seen
    if posted:
        assert all(one.industry == "construction" for one in made if one.id in seen)


def test_the_office_sees_all_and_others_have_no_sight(here: Any) -> None:
    assert here.ask(sight.of, here.person("office")).root is None
    assert here.ask(sight.of, here.person("welder", "enterprise")) is None


def test_a_posting_may_change_and_end(here: Any) -> None:
    officer = here.person("officer")
    here.do(departments.put, "market", "市场监管", {"special"})
    for code, trades in (("housing", {"construction"}), ("market", {"special"}), ("", None)):
        here.do(departments.post, officer, code)
        assert here.ask(sight.of, officer).trades == trades


@pytest.mark.parametrize("given", [("", "一", set()), ("a", "", set()), ("a", "一", {"fishing"})])
def test_a_department_wants_code_name_and_known_trades(here: Any, given: Any) -> None:
    with pytest.raises(BadDepartment):
        here.do(departments.put, *given)
    with pytest.raises(BadDepartment):
        here.do(departments.post, here.person("officer"), "nowhere")
