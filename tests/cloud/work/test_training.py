"""Training gates the scan where the profile says so; work in special periods is told."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from cloud.cases import alarms, periods
from cloud.registry import training
from cloud.registry.training import BadTraining
from cloud.work import profiles
from cloud.work.decide import decide
from tests.cloud.work.rules.test_rules import READY

TODAY = date(2027, 1, 15)
APPLYING = replace(READY, step="apply", trained_on=None, training_by=date(2027, 1, 14))


def codes(profile: str, **change: Any) -> tuple[list[str], list[str]]:
    decision = decide(replace(APPLYING, **change), profiles.load(profile))
    return decision.refusals.codes, [one.code for one in decision.duties]


def test_after_the_deadline_who_lacks_training_is_refused_in_dalad_only() -> None:
    assert codes("dalad")[0] == ["training"]
    assert codes("chongqing")[0] == codes("wuyi")[0] == []


@pytest.mark.parametrize("by", [None, date(2027, 1, 15), date(2027, 2, 1)])
def test_before_the_deadline_it_is_a_warning(by: date | None) -> None:
    refusals, duties = codes("dalad", training_by=by)
    assert refusals == [] and "training-due" in duties
    assert "training-due" not in codes("chongqing", training_by=by)[1]


@pytest.mark.parametrize(("day", "good"), [(date(2026, 7, 16), True), (date(2026, 7, 15), False)])
def test_a_training_counts_for_half_a_year(day: date, good: bool) -> None:
    refusals, duties = codes("dalad", trained_on=day)
    assert (refusals == []) == good == ("training-due" not in duties)


def test_the_register_tells_the_last_that_was_passed_and_the_nearest_deadline(
    site: Any,
) -> None:
    welder = site.welder.id

    def write(unit: Any) -> None:
        for day, passed in (("2026-05-01", True), ("2026-12-01", False)):
            row = training.training_row(welder, kind="exam", held_on=day, passed=passed)
            training.add_trainings(unit, [row])
        told = {"kind": "training-deadline", "name": "演示"}
        dates = [("990101", "2027-03-01"), ("99", "2027-02-01"), ("990202", "2026-01-01")]
        rows = [training.date_row(district=d, starts_on=day, **told) for d, day in dates]
        training.add_dates(unit, rows)

    site.county.do(write)
    assert site.county.ask(training.last_passed, welder) == date(2026, 5, 1)
    assert site.county.ask(training.deadline, "990101001") == date(2027, 2, 1)


def test_work_in_a_special_period_is_told_once_for_each_job(site: Any) -> None:
    job = site.working()
    row = {"kind": "special-period", "name": "演示节日"}
    days = {"starts_on": "2027-01-15", "ends_on": "2027-01-16"}
    far = training.date_row(district="990202", **row, **days)
    site.county.do(training.add_dates, [far])
    assert site.county.do(periods.sweep) == 0
    site.county.do(training.add_dates, [training.date_row(district="9901", **row, **days)])
    assert site.county.do(periods.sweep) == 1
    assert site.county.do(periods.sweep) == 0
    assert [one.kind for one in site.county.do(alarms.open_about, job.id)] == ["SPECIAL_PERIOD"]


@pytest.mark.parametrize(
    "bad",
    [{"kind": "party"}, {"district": "x"}, {"starts_on": "soon"}, {"ends_on": "2026-01-01"}],
)
def test_a_date_that_does_not_hold_is_refused(bad: dict[str, str]) -> None:
    whole = {"kind": "special-period", "name": "n", "district": "99", "starts_on": "2027-01-01"}
    with pytest.raises(BadTraining):
        training.date_row(**whole | bad)
    with pytest.raises(BadTraining):
        training.training_row("p", kind="exam", held_on="soon", passed=True)
