"""Ledgers are judged row by row, and written whole or not at all (cloud/registry/ledgers)."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.base.database import ChangedMeanwhile
from cloud.base.formats import identity_check, uscc_check
from cloud.base.unit import Ground, Unit
from cloud.registry import certificates, enterprises, machines, people, sites
from cloud.registry.ledgers import bring, fields, files, made_up
from cloud.registry.ledgers import contracts as papers
from cloud.registry.ledgers import enterprises as firms
from cloud.registry.ledgers import machines as things
from cloud.registry.ledgers import people as persons
from cloud.registry.ledgers.bring import BadRow, Judged
from cloud.registry.ledgers.files import BadTable
from cloud.registry.ledgers.said import Said

BODY = "91990101MA0000001"
USCC = BODY + uscc_check(BODY)
ID_BODY = "99010119900101001"
IDENTITY = ID_BODY + identity_check(ID_BODY)
FIRM = {"企业名称": "演示一厂", "统一社会信用代码": USCC, "行政区划": "990101001"}
PERSON = {"姓名": "演示甲", "公民身份号码": IDENTITY, "角色": "焊工、监护人", "行政区划": "990101"}
PAPER = {
    "公民身份号码": IDENTITY,
    "发证部门": "应急管理",
    "证件编号": "T0001",
    "作业类别": "熔化焊接与热切割作业",
    "有效期起": "2025年1月5日",
    "有效期止": "2031/1/4",
    "应复审日期": "2028-01-04",
}
MACHINE = {
    "设备名称": "一号焊机",
    "统一社会信用代码": USCC,
    "所属行政区划": "990101001",
    "监管领域": "工矿商贸",
    "焊机用电类型": "380V",
    "电源类型": "逆变",
    "焊机最大功率（千瓦）": "11.5",
    "流动焊机": "是",
    "终端编号": "HM-990101-0001",
    "安装时间": "2026-12-01",
}


def judged(unit: Unit, kind: Callable[[Unit], Any], *rows: dict[str, str]) -> Judged:
    texts = [{files.heading(name): text for name, text in row.items()} for row in rows]
    return bring.judge(unit, kind(unit), enumerate(texts, 2))


def brought(unit: Unit, kind: Callable[[Unit], Any], *rows: dict[str, str]) -> list[BadRow]:
    done = judged(unit, kind, *rows)
    list(bring.write(unit, done))
    return done.bad


def reasons(unit: Unit, kind: Callable[[Unit], Any], row: dict[str, str]) -> str:
    (bad,) = judged(unit, kind, row).bad
    return " ".join(map(str, bad.reasons))


@pytest.fixture
def full(either: Ground) -> Ground:
    """A ground with one row of every kind brought in."""
    with either.write() as unit:
        assert brought(unit, firms.Enterprises, FIRM) == []
        assert brought(unit, firms.Sites, SITE) == []
        assert brought(unit, persons.People, PERSON) == []
        assert brought(unit, persons.Certificates, PAPER) == []
        assert brought(unit, things.Machines, MACHINE) == []
    return either


SITE = {"工地名称": "演示一号楼", "统一社会信用代码": USCC, "行政区划": "990101002"}


def test_every_kind_is_brought_in_on_both_databases(full: Ground) -> None:
    with full.read() as unit:
        firm = enterprises.by_uscc(unit, USCC)
        assert firm is not None
        (machine,) = machines.of_enterprise(unit, firm.id)
        assert (machine.supply, machine.source, machine.max_w) == ("380", "inverter", 11_500)
        assert (machine.mobile, machine.device) == (True, "HM-990101-0001")
        assert machine.code.startswith("990101")
        assert len(sites.of_enterprise(unit, firm.id)) == 1
        person = people.by_identity(unit, IDENTITY)
        assert person is not None
        assert (person.roles, person.status) == ({"welder", "fire_watch"}, "pending")
        (paper,) = certificates.for_person(unit, person.id)
        assert (paper.valid_from, paper.valid_to) == ("2025-01-05", "2031-01-04")


KNOWN = (
    (firms.Enterprises, FIRM),
    (firms.Sites, SITE),
    (persons.People, PERSON),
    (persons.Certificates, PAPER),
)


def test_what_is_registered_is_not_registered_again(full: Ground) -> None:
    with full.read() as unit:
        for kind, row in KNOWN:
            assert judged(unit, kind, row).counts == {
                **{"rows": 1, "new": 0, "changed": 0},
                **{"unchanged": 1, "bad": 0},
            }
            assert "已经登记" in judged(unit, kind, row, row).bad[0].reasons[0].zh
        assert judged(unit, things.Machines, MACHINE).unchanged == 1
        other = MACHINE | {"设备名称": "二号焊机"}
        assert "另一台" in reasons(unit, things.Machines, other)


def coded(unit: Unit) -> dict[str, str]:
    """The row of the machine with the code that it got."""
    firm = enterprises.by_uscc(unit, USCC)
    assert firm is not None
    (machine,) = machines.of_enterprise(unit, firm.id)
    return MACHINE | {"焊机编码": machine.code}


def test_a_row_that_is_registered_changes_what_it_tells_otherwise(full: Ground) -> None:
    told = {
        firms.Enterprises: FIRM | {"企业名称": "演示新厂", "联系人电话": "13812345678"},
        firms.Sites: SITE | {"地址": "演示路 1 号"},
        persons.People: PERSON | {"角色": "焊工", "手机号码": "13812345678"},
        persons.Certificates: PAPER | {"有效期止": "2033-01-04"},
    }
    with full.write() as unit:
        told[things.Machines] = coded(unit) | {"焊机最大功率（千瓦）": "12", "备注": "大修"}
        for kind, row in told.items():
            found = judged(unit, kind, row)
            assert (found.bad, found.good, len(found.changed)) == ([], [], 1)
            assert {one.zh for one in found.changed[0].fields} < set(row)
            list(bring.write(unit, found))
    with full.read() as unit:
        for kind, row in told.items():
            assert judged(unit, kind, row).unchanged == 1, kind
        person = people.by_identity(unit, IDENTITY)
        firm = enterprises.by_uscc(unit, USCC)
        assert person is not None and firm is not None
        assert (person.roles, people.phone(unit, person)) == ({"welder"}, "13812345678")
        assert people.by_phone(unit, "13812345678") == [person]
        assert enterprises.phone(unit, firm, "contact") == "13812345678"
        (machine,) = machines.of_enterprise(unit, firm.id)
        assert (machine.max_w, machine.note, machine.device) == (12_000, "大修", "HM-990101-0001")
        assert (machine.supply, machine.status) == ("380", "usable")


def test_an_empty_cell_and_a_column_left_out_change_nothing(full: Ground) -> None:
    with full.read() as unit:
        row = {name: "" for name in MACHINE} | coded(unit) | {"电源类型": ""}
        assert judged(unit, things.Machines, row).unchanged == 1


def test_a_masked_number_is_the_same_or_a_bad_row(full: Ground) -> None:
    row = FIRM | {"联系人电话": "13812345678"}
    with full.write() as unit:
        list(bring.write(unit, judged(unit, firms.Enterprises, row)))
        same = row | {"联系人电话": "138****5678", "企业规模": "大型"}
        (changed,) = judged(unit, firms.Enterprises, same).changed
        assert changed.fields == (Said("企业规模", "scale"),)
        assert "遮住" in reasons(unit, firms.Enterprises, row | {"联系人电话": "139****5678"})
        body = "91990101MA0000009"
        new = same | {"统一社会信用代码": body + uscc_check(body)}
        assert "完整" in reasons(unit, firms.Enterprises, new)
        assert "完整" in reasons(unit, persons.Certificates, PAPER | {"证件编号": "T****1"})


def test_a_state_is_not_changed_by_a_table(full: Ground) -> None:
    with full.write() as unit:
        locked = coded(unit) | {"设备状态": "锁定"}
        assert "页面" in reasons(unit, things.Machines, locked)
        assert "页面" in reasons(unit, persons.People, PERSON | {"审核状态": "通过"})
        list(bring.write(unit, judged(unit, persons.Certificates, PAPER | {"证件状态": "撤销"})))
        found = certificates.by_number(unit, "emergency", "T0001")
        assert found is not None and found.status == "revoked"  # its issuer's own word


def test_an_account_of_the_supervision_is_not_changed_by_a_table(full: Ground) -> None:
    with full.write() as unit:
        person = people.by_identity(unit, IDENTITY)
        assert person is not None
        person.roles = frozenset({"officer"})
        unit.db.flush()
        assert "不能导入" in reasons(unit, persons.People, PERSON | {"姓名": "演示乙"})


def test_what_somebody_changed_meanwhile_stays_and_nothing_is_written(full: Ground) -> None:
    with full.write() as unit:
        found = judged(unit, firms.Enterprises, FIRM | {"企业名称": "演示新厂"})
    with full.write() as unit:
        list(bring.write(unit, judged(unit, firms.Enterprises, FIRM | {"企业名称": "演示别厂"})))
    with pytest.raises(ChangedMeanwhile), full.write() as unit:
        list(bring.write(unit, found))
    with full.read() as unit:
        firm = enterprises.by_uscc(unit, USCC)
        assert firm is not None and firm.name == "演示别厂"


def test_an_export_shows_personal_numbers_masked(full: Ground) -> None:
    with full.read() as unit:
        shown = str([*persons.of_people(unit), *persons.of_certificates(unit)])
        assert IDENTITY not in shown and "990101********" in shown
        assert [row["fitted_on"] for row in things.of_machines(unit, {})] == ["2026-12-01"]
        (row,) = things.of_machines(unit, {"HM-990101-0001": "on"})
        assert (row["working"], row["uscc"]) == ("工作中", USCC)
        assert [row["uscc"] for row in firms.of_sites(unit)] == [USCC]
        assert [row["name"] for row in firms.of_enterprises(unit)] == ["演示一厂"]


def test_every_bad_row_is_named_with_all_its_reasons(unit: Unit) -> None:
    bad = FIRM | {"统一社会信用代码": USCC[:-1] + "0", "电焊设备数量": "many"}
    found = judged(unit, firms.Enterprises, FIRM, bad, FIRM)
    assert [row.line for row in found.bad] == [3, 4]
    assert len(found.bad[0].reasons) == 2
    assert "统一社会信用代码" in found.bad[0].reasons[0].zh
    assert "电焊设备数量" in found.bad[0].reasons[1].zh
    assert "已经登记" in found.bad[1].reasons[0].zh  # the same firm twice in one table
    assert len(found.good) == 1


@pytest.mark.parametrize(
    ("kind", "row", "wrong", "said"),
    [
        (firms.Enterprises, FIRM, {"企业名称": ""}, "没有填写"),
        (firms.Enterprises, FIRM, {"企业类型": "社团"}, "小微企业"),
        (firms.Enterprises, FIRM, {"行政区划": "12345"}, "行政区划代码"),
        (firms.Enterprises, FIRM, {"企业负责人电话": "12"}, "电话号码"),
        (firms.Enterprises, FIRM, {"企业名称": "厂\x07"}, "字符"),
        (firms.Enterprises, FIRM, {"企业名称": "厂" * 201}, "太长"),
        (persons.People, PERSON, {"公民身份号码": IDENTITY[:-1] + "Y"}, "公民身份号码"),
        (persons.People, PERSON, {"角色": "焊工、皇帝"}, "监护人"),
        (persons.People, PERSON, {"角色": "监管人员"}, "不能导入"),
        (persons.People, PERSON, {"统一社会信用代码": USCC}, "还没有登记"),
        (persons.Certificates, PAPER, {}, "还没有登记"),
        (persons.Certificates, PAPER, {"有效期止": "2031-13-01"}, "日期"),
        (things.Machines, MACHINE, {}, "还没有登记"),
        (things.Machines, MACHINE, {"流动焊机": "也许"}, "“是”或“否”"),
        (firms.Enterprises, FIRM, {"统一社会信用代码": ""}, "只有灵活用工、家庭使用可以不填"),
        (things.Machines, MACHINE, {"焊机最大功率（千瓦）": "nan"}, "千瓦"),
        (things.Machines, MACHINE, {"所属行政区划": "9901"}, "行政区划"),
        (firms.Sites, SITE, {}, "还没有登记"),
    ],
)
def test_a_wrong_cell_is_named_with_its_reason(
    unit: Unit, kind: Any, row: dict[str, str], wrong: dict[str, str], said: str
) -> None:
    assert said in reasons(unit, kind, row | wrong)


def test_a_row_with_a_text_under_no_heading_is_bad(unit: Unit) -> None:
    row = FIRM | {files.ASTRAY: IDENTITY}
    (said,) = judged(unit, firms.Enterprises, row, FIRM).bad[0].reasons
    assert said == Said("有内容不在任何一列表头下面。", "Something stands under no heading.")


def test_a_personal_number_is_never_quoted_back(unit: Unit) -> None:
    assert IDENTITY[:-1] not in reasons(
        unit, persons.People, PERSON | {"公民身份号码": IDENTITY[:-1]}
    )


@pytest.mark.parametrize(
    "text",
    [
        *("2027-1-5", "2027/01/05", "2027.1.5", "2027年1月5日", "20270105"),
        *("２０２７－１－５", "2027-01-05 00:00:00"),
    ],
)
def test_a_date_is_known_as_people_write_it(text: str) -> None:
    assert fields.day(text) == "2027-01-05"


@pytest.mark.parametrize(
    ("kind", "row", "wrong"),
    [
        (persons.Certificates, PAPER, {"证件编号": "T2", "有效期止": "2020-01-01"}),
        (firms.Sites, SITE, {"工地名称": "二", "开工日期": "2027-2-1", "竣工日期": "2027-1-1"}),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(
    full: Ground, kind: Any, row: dict[str, str], wrong: dict[str, str]
) -> None:
    with full.read() as unit:
        assert "前后矛盾" in reasons(unit, kind, row | wrong)


def test_who_has_no_credit_code_gets_a_number_that_stands_for_it(either: Ground) -> None:
    household = {"企业名称": "演示甲家", "企业类型": "家庭使用", "行政区划": "990101001"}
    with either.write() as unit:
        assert brought(unit, firms.Enterprises, household) == []
        (row,) = firms.of_enterprises(unit)
        number = row["uscc"]
        assert number.startswith("W990101") and len(number) == 15
        assert brought(unit, things.Machines, MACHINE | {"统一社会信用代码": number}) == []
        (machine,) = things.of_machines(unit, {})
        assert machine["uscc"] == number
        # What was exported comes in again as the same one, and may change.
        again = household | {"统一社会信用代码": number, "联系人姓名": "演示乙"}
        assert judged(unit, firms.Enterprises, household | {"统一社会信用代码": number}).unchanged
        assert len(judged(unit, firms.Enterprises, again).changed) == 1
        as_firm = again | {"企业类型": "小微企业"}
        assert "要有统一社会信用代码" in reasons(unit, firms.Enterprises, as_firm)


def test_a_gig_workers_table_brought_in_twice_registers_each_of_them_once(
    either: Ground,
) -> None:
    gig = {"企业名称": "演示丙", "企业类型": "灵活用工", "行政区划": "990101001"}
    named = gig | {"联系人电话": "13800000001"}
    with either.write() as unit:
        assert brought(unit, firms.Enterprises, named) == []
        for row in (named, gig, gig | {"联系人电话": "138****0001"}):
            assert judged(unit, firms.Enterprises, row).unchanged == 1
        told = gig | {"企业负责人电话": "13800000001", "联系人姓名": "演示丙"}
        assert len(judged(unit, firms.Enterprises, told).changed) == 1
        # Of the same name, and somebody else: by telephone, place or kind.
        others = [
            gig | {"联系人电话": "13800000002"},
            gig | {"行政区划": "990101002"},
            gig | {"企业类型": "家庭使用"},
        ]
        assert [line.line for line in brought(unit, firms.Enterprises, *others, others[1])] == [5]
        assert "不止一个" in reasons(unit, firms.Enterprises, gig)
        assert judged(unit, firms.Enterprises, named, *others).unchanged == 4


def test_a_table_of_machines_without_codes_brought_in_twice_registers_each_once(
    full: Ground,
) -> None:
    bare = {name: text for name, text in MACHINE.items() if name not in ("终端编号", "安装时间")}
    one = bare | {"生产厂家": "演示厂", "型号": "ZX7-315", "出厂编号": "7"}
    two = one | {"出厂编号": "8"}
    with full.write() as unit:
        assert [line.line for line in brought(unit, things.Machines, one, two, one)] == [4]
        assert judged(unit, things.Machines, one, two).unchanged == 2
        assert len(judged(unit, things.Machines, one | {"备注": "大修"}).changed) == 1
        assert len(judged(unit, things.Machines, one | {"生产厂家": "演示二厂"}).good) == 1
        assert len(judged(unit, things.Machines, bare, bare).good) == 1  # the other is registered


def test_machines_without_code_and_serial_are_told_apart_by_all_that_the_table_says(
    full: Ground,
) -> None:
    bare = {n: v for n, v in MACHINE.items() if n not in ("终端编号", "安装时间")}
    bare |= {"设备名称": "旧焊机", "型号": "BX1"}
    phone = "13800000001"
    table = [bare, bare, bare | {"责任人姓名": "演示乙", "责任人电话": phone}]
    for new in (3, 0):
        with full.write() as unit:
            done = judged(unit, things.Machines, *table)
            list(bring.write(unit, done))
            counts = {"rows": 3, "new": new, "changed": 0, "unchanged": 3 - new, "bad": 0}
            assert done.counts == counts
    with full.read() as unit:
        other = bare | {"责任人姓名": "演示丙"}
        assert "出厂编号" in reasons(unit, things.Machines, other)
        for apart in ({"出厂编号": "9"}, {"设备名称": "旧焊机 4 号"}):
            assert len(judged(unit, things.Machines, other | apart).good) == 1
        assert judged(unit, things.Machines, *table, bare).counts["new"] == 1  # all others are met


def test_a_contract_without_a_reference_brought_in_twice_is_one(full: Ground) -> None:
    bare = {"发包单位统一社会信用代码": USCC, "合同类型": "临时用工", "焊工身份证号": IDENTITY}
    bare |= {"合同开始日期": "2026-11-01", "合同结束日期": "2027-10-31", "安全协议摘要": "ab" * 32}
    with full.write() as unit:
        assert [line.line for line in brought(unit, papers.Contracts, bare, bare)] == [3]
        assert judged(unit, papers.Contracts, bare).unchanged == 1
        (row,) = papers.of_contracts(unit)
        assert row["reference"] == ""
        assert len(judged(unit, papers.Contracts, bare | {"合同结束日期": "2028-10-31"}).good) == 1
        assert len(judged(unit, papers.Contracts, bare | {"合同编号": "1"}).good) == 1


@pytest.mark.parametrize("column", ["焊机用电类型", "电源类型", "应用行业"])
def test_what_is_other_is_said_in_the_note(full: Ground, column: str) -> None:
    with full.write() as unit:
        row = coded(unit) | {column: "其他"}
        assert "备注里说明" in reasons(unit, things.Machines, row)
        assert brought(unit, things.Machines, row | {"备注": "直流母线供电"}) == []
        (out,) = things.of_machines(unit, {})
        name = {"焊机用电类型": "supply", "电源类型": "source"}.get(column, "trade")
        shown = {one.name: one.shown(out[one.name]) for one in things.Machines.columns}
        assert (shown[name], shown["note"]) == ("其他", "直流母线供电")


def test_a_code_that_a_maker_printed_is_kept_and_taken_once(full: Ground) -> None:
    with full.write() as unit:
        firm = enterprises.by_uscc(unit, USCC)
        assert firm is not None
        printed = machines.free_code(unit, "990101", random.Random(3))
        row = MACHINE | {"焊机编码": printed, "终端编号": "", "安装时间": ""}
        assert brought(unit, things.Machines, row) == []
        assert machines.by_code(unit, printed) is not None
        assert judged(unit, things.Machines, row).unchanged == 1
        assert "编码" in reasons(unit, things.Machines, row | {"焊机编码": "9901"})
        assert "没有终端" in reasons(unit, things.Machines, row | {"安装时间": "2026-12-01"})


def test_a_table_with_a_wrong_heading_is_no_table_of_ours(unit: Unit) -> None:
    with pytest.raises(BadTable, match="统一社会信用代码"):
        judged(unit, firms.Sites, {"工地名称": "演示", "行政区划": "990101"})
    with pytest.raises(BadTable, match="颜色"):
        judged(unit, firms.Enterprises, FIRM | {"颜色": "红"})


def test_headings_may_be_the_names_of_the_code_too(unit: Unit) -> None:
    row = {"name": "演示", "uscc": USCC, "district": "990101"}
    assert brought(unit, firms.Enterprises, row) == []


def test_who_was_quicker_with_a_key_leaves_nothing_half_written(either: Ground) -> None:
    with either.read() as unit:
        found = judged(unit, firms.Enterprises, FIRM)
    with either.write() as unit:
        enterprises.add(unit, name="更快", uscc=USCC, district="990101")
    with pytest.raises(IntegrityError), either.write() as unit:
        list(bring.write(unit, found))


@pytest.mark.parametrize("kind", ["enterprises", "people", "sites", "machines"])
def test_made_up_rows_are_good_ones(full: Ground, kind: str) -> None:
    ledgers = {
        "enterprises": firms.Enterprises,
        "people": persons.People,
        "sites": firms.Sites,
        "machines": things.Machines,
    }
    with full.write() as unit:
        ledger = ledgers[kind](unit)
        rows = made_up.rows(unit, kind, 50, random.Random(1))
        texts = [
            {one.zh: str(one.shown(row[one.name]) or "") for one in ledger.columns} for row in rows
        ]
        assert brought(unit, lambda _: ledger, *texts) == []
