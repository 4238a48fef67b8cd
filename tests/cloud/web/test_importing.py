"""Bringing a ledger in on the web: up, judged, looked at, written or not (office/importing.py)."""

import io
import time

import pytest
from openpyxl import Workbook, load_workbook

from cloud.base.formats import uscc_check
from cloud.book.audit import AuditRow
from cloud.cases import imports, underway
from cloud.cases.imports import BadUpload, ImportRun
from cloud.cases.kinds import KINDS, ledger
from cloud.registry import enterprises
from cloud.registry.ledgers.survey import FORM
from cloud.retention import erase
from cloud.web.rights import BODIES

HEADING = ["企业名称", "统一社会信用代码", "行政区划"]
ONE, TWO, THREE = (f"91990101MB000000{n}" for n in (1, 2, 3))
PATIENCE_S = 60


def firm(body, name):
    return [name, body + uscc_check(body), "990101"]


def csv(*rows):
    return "\n".join(",".join(row) for row in (HEADING, *rows)).encode()


def xlsx(*rows):
    book = Workbook()
    for row in (HEADING, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class Desk:
    """Somebody of the office at the page of imports."""

    def __init__(self, browser, person):
        self.browser = browser(person)

    def bring(self, raw, name="a.csv", kind="enterprises"):
        file = (io.BytesIO(raw), name)
        return self.browser.post("/office/imports", json=True, kind=kind, file=file)

    def looked(self, answer):
        """Where it stands once nobody works on it any more."""
        at = answer.json["at"]
        end = time.monotonic() + PATIENCE_S
        while True:
            told = self.browser.get(f"{at}/state").json
            if told["state"] not in ("reading", "writing"):
                return at, told
            assert time.monotonic() < end, told
            time.sleep(0.01)

    def brought(self, raw, **more):
        return self.looked(self.bring(raw, **more))

    def decide(self, at, what):
        return self.browser.post(at, json=True, page=at, what=what)


@pytest.fixture
def desk(browser, cast):
    return Desk(browser, cast.office)


def name_of(county, body):
    found = county.ask(enterprises.by_uscc, body + uscc_check(body))
    return found and found.name


@pytest.mark.parametrize(("make", "name"), [(csv, "a.csv"), (xlsx, "台账.XLSX")])
def test_a_table_is_judged_first_and_written_when_that_is_decided(desk, county, make, name):
    at, told = desk.brought(make(firm(ONE, "演示甲"), firm(TWO, "演示乙")), name=name)
    assert (told["state"], told["new"], told["bad"]) == ("judged", 2, 0)
    assert name_of(county, ONE) is None
    assert "核对完毕" in desk.browser.get(at).text
    _at, told = desk.looked(desk.decide(at, "all"))
    assert told["state"] == "written"
    assert name_of(county, ONE) == "演示甲"
    assert desk.decide(at, "all").status_code == 409  # once is enough

    def noted(unit):
        rows = unit.db.query(AuditRow).filter(AuditRow.what.like("import%"))
        return [(row.what, row.details.get("new")) for row in rows.order_by(AuditRow.seq)]

    assert county.ask(noted) == [
        *[("import-uploaded", None), ("import-decided", None)],
        ("imported", 2),
    ]


def test_every_bad_row_is_listed_by_line_and_reason_and_the_good_ones_may_go_in(desk, county):
    wrong = [["", "wrong", "990101"] for _ in range(150)]
    at, told = desk.brought(csv(firm(ONE, "演示甲"), *wrong))
    assert (told["rows"], told["new"], told["bad"]) == (151, 1, 150)
    page = desk.browser.get(at).text
    assert "第 3 行" in page and "统一社会信用代码" in page and "没有填写" in page
    assert "第 152 行" not in page
    assert "第 152 行" in desk.browser.get(f"{at}?bad=102").text
    assert desk.decide(at, "all").status_code == 409
    _at, told = desk.looked(desk.decide(at, "good"))
    assert told["state"] == "written" and name_of(county, ONE) == "演示甲"


def test_what_changes_is_shown_by_field_and_only_that_is_changed(desk, county):
    desk.decide(desk.brought(csv(firm(ONE, "演示甲"), firm(TWO, "演示乙")))[0], "all")
    raw = csv(firm(ONE, "演示新名"), firm(TWO, "演示乙"), firm(THREE, "演示丙"))
    while True:  # the first table may still be on its way
        at, told = desk.brought(raw)
        if told["unchanged"]:
            break
    assert (told["new"], told["changed"], told["unchanged"]) == (1, 1, 1)
    page = desk.browser.get(at).text
    assert "第 2 行</strong> 企业名称" in page
    desk.looked(desk.decide(at, "all"))
    assert (name_of(county, ONE), name_of(county, TWO)) == ("演示新名", "演示乙")


def test_if_the_registers_changed_meanwhile_it_is_looked_at_again(desk, county):
    at, _told = desk.brought(csv(firm(ONE, "演示甲")))
    number = ONE + uscc_check(ONE)
    given = {"name": "演示甲", "uscc": number, "district": "990101"}
    county.do(lambda unit: enterprises.add(unit, **given))
    _at, told = desk.looked(desk.decide(at, "all"))
    assert (told["state"], told["unchanged"], told["new"]) == ("judged", 1, 0)
    assert "登记有变化" in desk.browser.get(at).text
    assert desk.decide(at, "all").status_code == 409  # nothing is left to write


@pytest.mark.parametrize(
    ("raw", "more"),
    [
        (b"", {}),
        (b"a,b", {"name": "a.exe"}),
        (b"a,b", {"kind": "secrets"}),
    ],
)
def test_what_is_no_table_of_ours_is_bad_input(desk, raw, more):
    assert desk.bring(raw, **more).status_code == 400


def test_a_table_that_is_too_large_is_not_taken(desk, county, cast):
    with pytest.raises(BadUpload):
        huge = bytes(imports.BYTES_MAX + 1)
        county.do(imports.keep, cast.office, "enterprises", "a.csv", huge)
    assert BODIES["office.upload"] > imports.BYTES_MAX
    assert desk.bring(bytes(100_000)).status_code == 200  # more than other forms may bring


@pytest.mark.parametrize(
    ("raw", "name", "said"),
    [
        (b"PK\x03\x04 no", "a.xlsx", "表格"),
        ("颜色\n红".encode(), "a.csv", "表头"),
        (b"\xff\xfe\x00", "a.csv", "编码"),
    ],
)
def test_what_cannot_be_read_says_why_and_can_be_given_up(desk, raw, name, said):
    at, told = desk.brought(raw, name=name)
    assert told["state"] == "failed" and said in told["words"]
    assert desk.decide(at, "cancel").status_code == 200
    assert desk.looked(desk.decide(at, "cancel") and desk.bring(raw, name=name))


def test_the_file_lies_sealed_and_goes_when_it_has_served(desk, county, wait_until):
    folder = county.ground.settings.data_dir / "imports"
    at, _told = desk.brought(csv(firm(ONE, "演示甲")))
    (kept,) = folder.glob("*.sealed")
    assert "演示甲".encode() not in kept.read_bytes()
    desk.looked(desk.decide(at, "all"))
    wait_until(lambda: not list(folder.iterdir()))  # after what was written is safe
    desk.brought(csv(firm(TWO, "演示乙")))
    county.clock.forward(8 * 86_400)
    county.do(erase)
    assert list(folder.iterdir()) == []
    assert county.ask(lambda unit: unit.db.query(ImportRun).count()) == 0


def test_what_was_interrupted_is_judged_again(desk, county, cast):
    raw = csv(firm(ONE, "演示甲"))
    run = county.do(imports.keep, cast.office, "enterprises", "a.csv", raw)
    at = f"/office/imports/{run.id}"
    assert "重新核对" in desk.browser.get(at).text
    _at, told = desk.looked(desk.decide(at, "again"))
    assert told["state"] == "judged"
    assert desk.decide(at, "again").status_code == 409
    assert desk.decide("/office/imports/0", "again").status_code == 404


def test_another_process_progress_is_shown_and_nobody_else_takes_the_table_over(
    desk, county, cast
):
    raw = csv(firm(ONE, "演示甲"))
    run = county.do(imports.keep, cast.office, "enterprises", "a.csv", raw)
    at = f"/office/imports/{run.id}"
    with underway.work(county.ground.settings.data_dir / "imports" / f"{run.id}.mark") as steps:
        steps.begin(1000)
        steps.add(400)
        told = desk.browser.get(f"{at}/state").json
        assert (told["progress"], told["whole"]) == (400, 1000)
        assert '<progress value="400" max="1000"' in desk.browser.get(at).text
        assert desk.decide(at, "again").status_code == 409
        assert desk.decide(at, "cancel").status_code == 409
    assert "没有进展" in desk.browser.get(at).text
    assert desk.decide(at, "again").status_code == 200


def test_the_report_speaks_the_readers_language(desk):
    at, _told = desk.brought(csv(["", "wrong", "990101"]))
    chinese = desk.browser.get(at).text
    assert "没有填写" in chinese and "is empty" not in chinese
    strange, told = desk.brought("颜色\n红".encode())
    assert told["words"] == "表头缺少：企业名称、行政区划。"
    desk.browser.post("/language", page="/", lang="en")
    english = desk.browser.get(at).text
    assert "“name” is empty." in english and "没有填写" not in english
    assert desk.browser.get(f"{strange}/state").json["words"].startswith("The heading lacks")


def test_nobody_but_the_office_brings_anything_in(browser, cast):
    for who in (cast.officer, cast.enterprise, cast.technician):
        assert Desk(browser, who).bring(csv(firm(ONE, "演示甲"))).status_code == 403


def test_an_empty_table_of_every_ledger_has_its_headings_and_is_taken_as_such(desk, county):
    page = desk.browser.get("/office/imports").text
    for kind in KINDS:
        at = f"/office/imports/blank/{kind}.xlsx"
        assert f'"{at}"' in page
        raw = desk.browser.get(at).data
        heading = [cell.value for cell in load_workbook(io.BytesIO(raw)).active[1]]
        columns = county.ask(ledger, kind).columns
        assert heading == [one.zh for one in columns]
    assert desk.browser.get("/office/imports/blank/secrets.xlsx").status_code == 404


def test_the_survey_form_is_judged_by_line_and_reason_in_the_readers_language(desk, county, cast):
    heading = [column.zh for column in FORM]
    row = dict.fromkeys(heading, "") | {"企业/店铺名称": cast.works.name, "焊机类型": "氩弧焊机"}
    bad = [row | {"企业/店铺名称": "没有这家店"}, row | {"焊机用电类型": "其他"}]
    rows = [",".join(one.values()) for one in (row, *bad)]
    raw = "\n".join([",".join(heading), *rows]).encode()
    at, told = desk.brought(raw, kind="survey")
    assert (told["state"], told["new"], told["bad"]) == ("judged", 1, 2)
    page = desk.browser.get(at).text
    assert "电焊机调研信息表" in page and "第 3 行" in page and "还没有登记" in page
    assert "第 4 行" in page and "备注" in page
    desk.browser.post("/language", page="/", lang="en")
    english = desk.browser.get(at).text
    assert "not registered" in english and "the note must say what" in english
    _at, told = desk.looked(desk.decide(at, "good"))
    assert told["state"] == "written"
    _at, told = desk.brought(raw, kind="survey")
    assert (told["new"], told["unchanged"]) == (0, 1)
