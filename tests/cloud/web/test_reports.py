"""Trends, forms and ledgers, as page and as files; what narrows them."""

import io
from urllib.parse import urlencode

import pytest
from openpyxl import load_workbook

from cloud.cases import alarms
from cloud.link import positions
from cloud.oversight import forms
from cloud.registry import cylinders
from cloud.registry.ledgers import bring, files
from cloud.registry.ledgers.survey import Survey

HEADINGS = {"statistics": forms.STATISTICS, "survey": forms.SURVEY}


def test_trends_are_pictures_with_the_same_figures_in_a_table(browser, floor):
    floor.working()
    page = browser(floor.cast.officer).get("/trends?district=990101001").text
    assert page.count('<svg class="drawn"') == 2 and "<style" not in page
    assert "15 日内赋码" in page
    year = browser(floor.cast.officer).get("/trends?days=365&trade=industry").text
    assert "最近 365 天" in year and 'name="days" value="365"' in year
    assert "最近 30 天" in browser(floor.cast.officer).get("/trends?days=x").text


@pytest.mark.parametrize("name", HEADINGS)
def test_a_form_is_a_table_a_spreadsheet_and_a_csv_file(browser, cast, name):
    officer = browser(cast.officer)
    page = officer.get(f"/forms/{name}")
    assert "演示机械厂" in page.text and f"/forms/{name}.xlsx" in page.text
    sheet = load_workbook(io.BytesIO(officer.get(f"/forms/{name}.xlsx").data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == HEADINGS[name] and rows[1][1] == "演示机械厂"
    text = officer.get(f"/forms/{name}.csv").data.decode("utf-8-sig")
    assert text.splitlines()[0].split(",")[0] == "序号"
    assert browser(cast.far_officer).get(f"/forms/{name}.csv").data.count(b"\n") == 1


@pytest.mark.parametrize("path", ["/forms/nothing", "/forms/nothing.csv", "/forms/survey.exe"])
def test_what_is_no_form_is_not_there(browser, cast, path):
    assert browser(cast.officer).get(path).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "999999"])
def test_a_nonsense_page_number_shows_a_page(browser, cast, page):
    answer = browser(cast.officer).get("/forms/survey", query_string={"page": page})
    assert answer.status_code == 200


def sheet_of(user, name, **query):
    raw = user.get(f"/forms/{name}.xlsx", query_string=query).data
    return list(load_workbook(io.BytesIO(raw)).active.iter_rows(values_only=True))


def test_the_survey_that_was_downloaded_comes_back_without_a_change(browser, county, cast):
    county.machine(cast.works, category="氩弧焊机", keeper="演示店主", keeper_phone="13812345678")
    office = browser(cast.office)
    for kind in ("xlsx", "csv"):
        raw = office.get(f"/forms/survey.{kind}").data
        with county.ground.read() as unit:
            judged = bring.judge(unit, Survey(unit), files.lines(raw, f".{kind}"))
        assert judged.counts == {"rows": 2, "new": 0, "changed": 0, "unchanged": 2, "bad": 0}


def test_uncoded_machines_are_listed_the_overdue_first_with_the_days_that_are_left(
    browser, county, cast
):
    firm = cast.works
    new = county.machine(firm, bought_on=county.day(-10), name="新买")
    late = county.machine(firm, bought_on=county.day(-20), name="超期")
    old = county.machine(firm, name="没有购置日期")
    county.machine(firm, bought_on=county.day(-20), district="990202001")
    officer = browser(cast.officer)
    _heading, *rows = sheet_of(officer, "uncoded")
    assert [(row[1], row[5], row[6], row[7]) for row in rows] == [
        (late.code, county.day(-20), county.day(-5), -5),
        (new.code, county.day(-10), county.day(5), 5),
        (old.code, None, None, None),
    ]
    page = officer.get("/forms/uncoded").text
    assert "已超期 5 天" in page and f'"/registers/machines/{late.code}"' in page
    officer.post("/language", page="/", lang="en")
    english = officer.get("/forms/uncoded").text
    assert "5 days overdue" in english and "Days left" in english
    assert sheet_of(browser(cast.far_officer), "uncoded")[1:][0][6] == county.day(-5)


def test_a_cylinder_is_no_machine_in_any_form_number_or_list(browser, county, cast):
    place = {"district": "990101001", "industry": "industry", "name": "演示氧气瓶"}
    own = {"number": "TS-1", "gas": "oxygen", "test_by": county.day(300)}
    county.do(cylinders.add, rng=county.rng, enterprise_id=cast.works.id, **place, **own)
    officer = browser(cast.officer)
    assert sheet_of(officer, "statistics")[1][3] == 1
    assert len(sheet_of(officer, "survey")) == 2
    assert len(sheet_of(officer, "uncoded")) == 1
    assert officer.get("/status.json").json["numbers"]["machines"] == 1
    assert len(officer.get("/machines.json").json["machines"]) == 1


@pytest.fixture
def two_firms(county, cast):
    """Beside the works, a small shop with an argon welder for cars."""
    shop = county.enterprise("演示汽修店")
    county.do(lambda unit: setattr(unit.db.merge(shop), "kind", "micro"))
    given = {"category": "氩弧焊机", "trade": "汽车维修", "name": "汽修焊机"}
    return shop, county.machine(shop, device="T2", **given)


@pytest.mark.parametrize("name", ["type", "firm", "category", "use"])
def test_every_page_is_narrowed_by_type_firm_and_use_which_stay_in_the_address(
    browser, county, cast, two_firms, name
):
    shop, machine = two_firms
    at = {"lat": 29.5, "lng": 106.5, "source": "gnss"}
    for device in ("T1", "T2"):
        county.do(lambda unit, device=device: positions.keep(unit, device, at))
    for device, one in (("T1", cast.machine), ("T2", machine)):
        place = {"district": one.district, "machine_id": one.id}
        county.do(lambda u, d=device, p=place: alarms.raise_alarm(u, "TAMPER", d, **p))
    value = {"type": "micro", "firm": "汽修", "category": "氩弧焊机", "use": "汽车维修"}[name]
    asked, officer = {name: value}, browser(cast.officer)
    everything = officer.get("/status.json").json["numbers"]
    shown = officer.get("/status.json", query_string=asked).json
    assert (everything["machines"], everything["alarms"]) == (2, 2)
    assert (shown["numbers"]["machines"], shown["numbers"]["alarms"]) == (1, 1)
    assert [one["machine"] for one in shown["alarms"]] == [machine.code]
    listed = officer.get("/machines.json", query_string=asked).json["machines"]
    assert [one["code"] for one in listed] == [machine.code]
    (square,) = officer.get("/map.json", query_string=asked).json["squares"]
    assert square["codes"] == [machine.code]
    assert [row[1] for row in sheet_of(officer, "survey", **asked)[1:]] == [shop.name]
    assert [row[1] for row in sheet_of(officer, "statistics", **asked)[1:]] == [shop.name]
    assert officer.get("/trends", query_string=asked).status_code == 200
    page = officer.get("/", query_string=asked).text
    kept = urlencode(asked)
    for address in ("/machines", "/alarms", "/trends", "/forms/survey", "/map.json"):
        assert f'"{address}?{kept}"' in page, address
    assert officer.get(f"/m/{machine.code}/card?{kept}").text.count(f"?{kept}")


def test_a_firm_is_found_by_its_credit_code_and_nonsense_narrows_nothing_or_finds_nothing(
    browser, cast, two_firms
):
    shop, machine = two_firms
    officer = browser(cast.officer)

    def codes(**asked):
        return {
            m["code"] for m in officer.get("/machines.json", query_string=asked).json["machines"]
        }

    assert codes(firm=shop.uscc) == {machine.code}
    assert f'"/?firm={shop.uscc}"' in officer.get(f"/registers/enterprises/{shop.id}").text
    assert codes(firm="没有这家") == codes(category="没有这种") == set()
    assert codes(type="没有这类") == codes() == {machine.code, cast.code}
    assert "没有找到" in officer.get("/machines?firm=没有这家").text


def test_the_filters_offer_what_machines_are_called(browser, cast, two_firms):
    page = browser(cast.officer).get("/?use=汽车维修").text
    assert "<option>氩弧焊机</option>" in page and "<option selected>汽车维修</option>" in page
    assert "<details open>" in page
    assert "<details open>" not in browser(cast.officer).get("/").text
