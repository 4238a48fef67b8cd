"""The survey form of DL annex 1, brought in as it is filled in (registry/ledgers/survey.py)."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from openpyxl import Workbook

from cloud.registry import machines, places
from cloud.registry.ledgers import bring, files, survey
from cloud.registry.ledgers.bring import Judged
from cloud.registry.ledgers.survey import FORM, Survey

TOWN, STREET = "河湾镇（演示）", "990101001"
VILLAGE, COMMUNITY = "东街社区（演示）", "990101001007"
# As the annex prints it: headings broken in their cells.
HEADING = [
    *("序\n号", "企业/\n店铺\n名称", "责任\n人姓\n名", "责任\n人电\n话", "焊机\n用电\n类型"),
    *("最大电\n流安数\n\nA", "焊机\n最大\n电流", "焊机\n类型", "作业\n用途", "电源类\n型"),
    *("焊机\n最大\n功率", "应用\n行业", "备注", "所属\n街道", "所属\n社区", "填表\n人"),
    "填表人\n电话",
]
WELDER = {
    "number": "1",
    "shop": "演示门窗店",
    "keeper": "演示店主",
    "keeper_phone": "13812345678",
    "supply": "220V",
    "mains_max_a": "32",
    "max_a": "200",
    "category": "手工弧焊机",
    "purpose": "门窗焊接",
    "source": "逆变",
    "max_w": "7.5",
    "trade": "门窗框架焊接",
    "note": "",
    "street": TOWN,
    "community": VILLAGE,
    "filled_in_by": "演示填表人",
    "filled_in_by_phone": "0477-5180000",
}


def row(**other: str) -> dict[str, str]:
    """A row of the form by its headings."""
    given = WELDER | other
    return {column.heading: given.get(column.name, "") for column in Survey.columns}


def judged(county: Any, *rows: dict[str, str]) -> Judged:
    return county.ask(lambda unit: bring.judge(unit, Survey(unit), enumerate(rows, 2)))  # type: ignore[no-any-return]


def brought(county: Any, *rows: dict[str, str]) -> Judged:
    def write(unit: Any) -> Judged:
        done = bring.judge(unit, Survey(unit), enumerate(rows, 2))
        list(bring.write(unit, done))
        return done

    return county.do(write)  # type: ignore[no-any-return]


def why(county: Any, *rows: dict[str, str]) -> str:
    """The reasons of the only bad row."""
    (bad,) = judged(county, *rows).bad
    return " ".join(map(str, bad.reasons))


def exported(county: Any) -> list[dict[str, str]]:
    """The register as the form shows it, without the columns that may be added."""

    def told(unit: Any) -> Iterator[dict[str, str]]:
        for one in survey.of_survey(unit):
            shown = ((column.heading, column.shown(one[column.name])) for column in FORM)
            yield {heading: "" if value is None else str(value) for heading, value in shown}

    return county.ask(lambda unit: list(told(unit)))  # type: ignore[no-any-return]


@pytest.fixture
def shop(county: Any) -> Any:
    for code, name in ((STREET, TOWN), (COMMUNITY, VILLAGE), ("990102001", TOWN)):
        county.do(places.put, code, name)
    return county.enterprise("演示门窗店")


def only(county: Any, shop: Any) -> Any:
    (one,) = county.ask(machines.of_enterprise, shop.id)
    return one


def test_a_township_s_spreadsheet_comes_in_with_its_titles_numbers_and_headings(
    county: Any, shop: Any
) -> None:
    book = Workbook()
    book.active.append(["附件 1："])
    book.active.append(["达拉特旗电焊机调研信息表"])
    book.active.append(["填报单位（盖章）：", None, None, "填表时间：8 月 10 日"])
    book.active.append(HEADING)
    book.active.append(list(WELDER.values()))
    for number in range(2, 7):
        book.active.append([number])
    book.active.append(["说明：一家多个焊机都需要进行采集统计"])
    file = io.BytesIO()
    book.save(file)
    lines = list(files.lines(file.getvalue(), ".xlsx"))
    assert lines[0][0] == 5  # as the spreadsheet counts them
    assert brought(county, *(texts for _line, texts in lines)).counts["new"] == 1
    one = only(county, shop)
    assert (one.district, one.industry, one.name) == (COMMUNITY, "industry", "手工弧焊机")
    assert (one.supply, one.source, one.mains_max_a, one.max_a) == ("220", "inverter", 32, 200)
    assert (one.max_w, one.keeper, one.trade) == (7_500, "演示店主", "门窗框架焊接")
    phone = county.ask(machines.masked_phone, one, "keeper")
    assert phone == "138****5678"


def test_what_was_brought_in_goes_out_and_comes_back_unchanged(county: Any, shop: Any) -> None:
    rows = [row(), row(), row(category="氩弧焊机", community="", number="3")]
    rows += [row(street="", community="", number="4", keeper_phone="")]
    assert brought(county, *rows).counts["new"] == 4
    out = exported(county)
    assert {one["责任人电话"] for one in out} == {"138****5678", ""}
    for again in (out, rows):
        counts = judged(county, *again).counts
        assert (counts["unchanged"], counts["new"], counts["bad"]) == (4, 0, 0)


def test_each_machine_stands_for_one_row_and_one_row_more_is_one_machine_more(
    county: Any, shop: Any
) -> None:
    brought(county, row(), row())
    counts = judged(county, row(), row(), row()).counts
    assert (counts["unchanged"], counts["new"]) == (2, 1)


def test_with_the_column_of_codes_a_registered_machine_is_changed(county: Any, shop: Any) -> None:
    brought(county, row(), row())
    first, second = county.ask(machines.of_enterprise, shop.id)
    done = brought(county, row(code=first.code, max_a="315"), row())
    assert (done.counts["changed"], done.counts["unchanged"]) == (1, 1)
    assert [one.zh for one in done.changed[0].fields] == ["焊机最大电流"]
    known = {one.code: one.max_a for one in county.ask(machines.of_enterprise, shop.id)}
    assert known == {first.code: 315, second.code: 200}


def test_a_masked_number_that_no_registered_machine_has_is_no_new_machine(
    county: Any, shop: Any
) -> None:
    brought(county, row())
    (out,) = exported(county)
    assert "完整的号码" in why(county, out | {"焊机最大电流": "315"})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"shop": ""}, ("企业/店铺名称", "没有填写", "is empty")),
        ({"shop": "没有这家店"}, ("还没有登记", "not registered")),
        ({"street": "没有这个镇"}, ("没有这个镇", "no place")),
        ({"street": "", "community": "没有这个社区"}, ("没有这个社区", "no place")),
        ({"supply": "其他"}, ("备注", "note")),
        ({"keeper_phone": "123"}, ("责任人电话", "telephone")),
        ({"max_a": "很大"}, ("焊机最大电流", "whole number")),
        ({"source": "核能"}, ("电源类型", "one of")),
    ],
)
def test_a_bad_row_says_why_in_both_languages(
    county: Any, shop: Any, other: dict[str, str], said: tuple[str, ...]
) -> None:
    told = why(county, row(**other))
    assert [words for words in said if words not in told] == []


def test_of_shops_of_one_name_the_credit_code_says_which(county: Any, shop: Any) -> None:
    other = county.enterprise("演示门窗店", district="990102001")
    assert "同名" in why(county, row())
    assert brought(county, row(uscc=other.uscc, community="")).counts["new"] == 1
    assert only(county, other).district == "990102001"


def test_a_code_stands_for_a_name_and_nothing_for_where_the_shop_is(
    county: Any, shop: Any
) -> None:
    brought(county, row(street=STREET, community=""))
    brought(county, row(street="", community="", max_a="315"))
    assert {one.district for one in county.ask(machines.of_enterprise, shop.id)} == {STREET}
    far = county.enterprise("演示旗店", district="9901")
    assert "街道" in why(county, row(shop=far.name, street="", community=""))


@pytest.mark.parametrize(
    ("trade", "industry"),
    [("汽车维修", "industry"), ("房屋装修", "construction"), ("电梯安装", "special")],
)
def test_the_field_follows_from_the_use(county: Any, shop: Any, trade: str, industry: str) -> None:
    brought(county, row(trade=trade))
    assert only(county, shop).industry == industry


def test_the_form_has_the_annex_s_headings_in_its_order() -> None:
    assert ["".join(one.split()) for one in HEADING] == [column.heading for column in FORM]
