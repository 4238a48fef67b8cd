"""Numbers, map, trends and forms are the same on both databases, and what a recount would give."""

import pytest

from cloud.cases import alarms, service
from cloud.link import positions, terminals
from cloud.oversight import chart, forms, refused, scope, tally, trends
from cloud.oversight.scope import Only
from cloud.registry import departments, machines, sight, training
from cloud.work import jobs
from tests.cloud.conftest import County


@pytest.fixture
def county(either, clock):
    return County(either, clock)


@pytest.fixture
def works(county):
    """A works with three machines: T1 heard and on the map, one bare and late, one scrapped."""
    works = county.enterprise("演示机械厂")
    first = county.machine(works, device="T1", keeper="演示责任人", supply="380")
    county.do(terminals.provision, "T1")
    county.do(lambda unit: terminals.seen(unit, terminals.locked(unit, "T1")))
    told = {"lat": 29.5, "lng": 106.5, "source": "gnss"}
    county.do(lambda unit: positions.keep(unit, "T1", told))
    county.machine(works, bought_on=county.day(-16))
    scrapped = county.machine(works)
    county.do(lambda u: machines.set_status(u, machines.get(u, scrapped.id), "scrapped"))
    place = {"district": first.district, "machine_id": first.id}
    county.do(lambda unit: alarms.raise_alarm(unit, "TAMPER", "T1", **place))
    county.welder(works)
    bad = county.welder(works, valid_to=county.day(-1))
    machine = first
    county.do(lambda u: jobs.apply(u, bad, machine, "演示车间", "焊接", "1号票"))
    return works


@pytest.fixture
def near(county, works):
    officer = county.person("officer", district="990101")
    return scope.of(county.ask(sight.of, officer))


@pytest.fixture
def far(county, works):
    officer = county.person("officer", district="990202")
    return scope.of(county.ask(sight.of, officer))


def test_the_numbers(county, near, far):
    counted = county.ask(tally.homes), county.ask(tally.at_work)
    assert tally.numbers(*counted, near) == {
        "machines": 2,
        "online": 1,
        "working": 0,
        "attention": 0,
    }
    assert set(tally.numbers(*counted, far).values()) == {0}


def test_the_map_and_the_refusals(county, near, far):
    drawn = county.ask(chart.chart)
    (square,) = drawn.squares(near, (100.0, 20.0, 110.0, 40.0), 8)
    assert (square["kind"], square["count"]) == ("alarm", 1)
    assert drawn.bounds(far) is None
    (told,) = county.ask(refused.latest, near, 5)
    assert "certificate-expired" in told["codes"]
    assert county.ask(refused.latest, far, 5) == []


def test_the_trends(county, near, clock):
    clock.forward(86_400)
    told = county.ask(trends.trends, near, 15)
    assert len(told.days) == trends.PERIODS[0]
    year = county.ask(trends.trends, near, 15, trends.PERIODS[-1])
    assert (len(year.days), year.total[-1], sum(year.jobs)) == (365, 2, 0)
    assert (told.refused[-2:], told.alarms[-2:], told.jobs[-2:]) == ([1, 0], [1, 0], [0, 0])
    assert (told.total[-3:], told.coded[-3:]) == ([0, 2, 2], [0, 1, 1])
    assert (told.waiting, told.overdue) == (0, 1)


def test_who_has_one_trade_gets_the_trends_of_that_trade_alone(county, works):
    trades = {"fire": {"industry"}, "housing": {"construction"}}
    counted = {}
    for code, own in trades.items():
        officer = county.person("officer", district="990101")
        county.do(departments.put, code, "演示部门", own)
        county.do(departments.post, officer, code)
        told = county.ask(trends.trends, scope.of(county.ask(sight.of, officer)), 15)
        counted[code] = (sum(told.refused), sum(told.alarms), told.total[-1])
    assert counted == {"fire": (1, 1, 2), "housing": (0, 0, 0)}


def test_the_forms(county, near, far):
    (row,) = county.ask(lambda unit: list(forms.statistics(unit, near)))
    assert row[:8] == (1, "演示机械厂", "一般企业", 2, 1, 2, 1, 1)
    assert len(row) == len(forms.STATISTICS)
    lines = county.ask(lambda unit: list(forms.survey(unit, near)))
    assert len(lines) == 2 and all(len(line) == len(forms.SURVEY) for line in lines)
    assert {line[2] for line in lines} == {"演示责任人", ""}
    assert county.ask(lambda unit: list(forms.statistics(unit, far))) == []
    (second,) = county.ask(lambda unit: list(forms.survey(unit, near, 1, 1)))
    assert second[0] == 2


def test_what_is_narrowed_is_narrowed_alike_everywhere(county, works):
    eyes = county.ask(sight.of, county.person("officer", district="990101"))
    shop = county.enterprise("演示店铺")
    county.machine(shop, category="氩弧焊机", trade="汽车维修", bought_on=county.day(-1))
    for only, count in (
        (Only(type="general", firm="店铺"), 1),
        (Only(firm=shop.uscc, category="氩弧焊机", use="汽车维修"), 1),
        (Only(type="micro"), 0),
        (Only(firm="%"), 0),
    ):
        where = scope.of(eyes, only=only)
        counted = county.ask(tally.homes, only), county.ask(tally.at_work, only)
        assert tally.numbers(*counted, where)["machines"] == count, only
        told = county.ask(trends.trends, where, 15)
        assert (told.total[-1], told.waiting, sum(told.refused), sum(told.alarms)) == (
            *(count, count, 0, 0),
        )
        for form in (forms.survey, forms.statistics, forms.uncoded):
            rows = county.ask(lambda unit, form=form, where=where: list(form(unit, where)))
            assert len(rows) == count, (form, only)
        assert county.ask(refused.latest, where, 5) == []


def test_the_ledgers_of_what_is_uncoded_and_of_installations(county, works, near, far):
    (late,) = county.ask(lambda unit: list(forms.uncoded(unit, near)))
    assert late[3:8] == ("演示机械厂", "990101001", county.day(-16), county.day(-1), -1)
    machine = county.ask(machines.by_device, "T1")
    who = county.person("technician", name="演示安装")
    exam = {"kind": "exam", "held_on": county.day(-9), "passed": True}
    county.do(training.add_trainings, [training.training_row(who.id, **exam)])
    record = county.do(service.begin, machine, who, "installation")
    for hardware in ("thermal", "contactor"):
        told = {"device": "T1", "hardware": hardware}
        county.do(lambda unit, told=told: service.add(unit, record, who, "terminal", told))
    (row,) = county.ask(lambda unit: list(forms.installations(unit, near)))
    assert (row[1], *row[3:]) == (
        *("", "演示安装", "T1", "contactor", machine.code, "演示机械厂", "990101001"),
        *("installation", "", "", ""),
    )
    for form in (forms.uncoded, forms.installations):
        assert county.ask(lambda unit, form=form: list(form(unit, far))) == []
