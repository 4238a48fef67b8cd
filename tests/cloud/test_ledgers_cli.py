"""`hanma import` and `hanma export`."""

import json
import random
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cloud.base.formats import identity_check, uscc_check
from cloud.base.ids import make_code
from cloud.cases.kinds import KINDS
from cloud.cli import main


def hanma(data: Path, *words: object) -> Result:
    return CliRunner().invoke(main, [str(w) for w in words], env={"HANMA_DATA": str(data)})


def told(done: Result) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {name: value for name, value in told.items() if name not in ("seconds", "cpu_s")}


def counts(**given: int) -> dict[str, int]:
    told = {"new": 0, "changed": 0, "unchanged": 0, "bad": 0} | given
    return {"rows": sum(told.values())} | told


def table(path: Path, *numbers: str) -> Path:
    lines = ["企业名称,统一社会信用代码,行政区划"]
    lines += [f"演示{n},{n + uscc_check(n) if len(n) == 17 else n},990101" for n in numbers]
    path.write_text("\n".join(lines))
    return path


ONE, TWO = "91990101MA0000001", "91990101MA0000002"


def test_a_ledger_goes_in_and_out(tmp_path: Path) -> None:
    done = hanma(tmp_path, "import", "enterprises", table(tmp_path / "a.csv", ONE, TWO))
    assert done.exit_code == 0, done.output
    assert told(done) == {"ok": True} | counts(new=2) | {"written": 2}
    out = hanma(tmp_path, "export", "enterprises", tmp_path / "out.xlsx")
    assert told(out) == {"ok": True, "rows": 2}
    again = hanma(tmp_path, "import", "enterprises", tmp_path / "out.xlsx", "--dry-run")
    assert told(again) == {"ok": True} | counts(unchanged=2) | {"written": 0}


def test_one_bad_row_stops_all_and_is_named_by_line_and_reason(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", ONE, "wrong", TWO)
    done = hanma(tmp_path, "import", "enterprises", file)
    assert done.exit_code == 1
    assert "第 3 行 row 3: “统一社会信用代码”" in done.stdout
    assert told(done) == {"ok": False} | counts(new=2, bad=1) | {"written": 0}


def test_every_bad_row_is_listed_however_many(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", *(["wrong"] * 1_100))
    done = hanma(tmp_path, "import", "enterprises", file, "--dry-run")
    assert told(done) == {"ok": False} | counts(bad=1_100) | {"written": 0}
    assert sum(line.startswith("第 ") for line in done.stdout.splitlines()) == 1_100


def test_the_good_rows_alone_are_written_when_that_is_asked_for(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", ONE, "wrong", TWO)
    done = hanma(tmp_path, "import", "enterprises", file, "--good-rows-only")
    assert done.exit_code == 1
    assert told(done)["written"] == 2


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", ONE)
    assert told(hanma(tmp_path, "import", "enterprises", file, "--dry-run"))["written"] == 0
    assert told(hanma(tmp_path, "import", "enterprises", file))["written"] == 1


def test_what_is_no_table_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("no")
    done = hanma(tmp_path, "import", "people", tmp_path / "a.xlsx")
    assert done.exit_code == 1
    assert "表格" in done.output and "Traceback" not in done.output


def test_a_sample_can_be_made_and_brought_in(tmp_path: Path) -> None:
    for kind in KINDS:
        file = tmp_path / f"{kind}.csv"
        made = ("--sample", 20, "--seed", "one")
        assert hanma(tmp_path, "export", kind, file, *made).exit_code == 0
        assert told(hanma(tmp_path, "import", kind, file))["written"] == 20
    out = hanma(tmp_path, "export", "machines", tmp_path / "m.csv")
    assert told(out) == {"ok": True, "rows": 40}  # those of the survey too


def test_a_sample_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    done = hanma(tmp_path, "export", "machines", tmp_path / "m.csv", "--sample", 3)
    assert done.exit_code == 1
    assert "企业" in done.output and "Traceback" not in done.output


def test_contracts_go_in_and_out_and_a_bad_row_is_named(tmp_path: Path) -> None:
    hanma(tmp_path, "import", "enterprises", table(tmp_path / "firms.csv", ONE, TWO))
    one, two = (number + uscc_check(number) for number in (ONE, TWO))
    heading = "发包单位统一社会信用代码,承包单位统一社会信用代码,合同类型,合同开始日期"
    heading += ",合同结束日期,安全协议摘要"
    rows = [f"{one},{two},项目外包,2027-1-1,2027-12-31,{'0f' * 32}"]
    rows += [f"{one},{one},项目外包,2027-1-1,2027-12-31,{'0f' * 32}"]  # its own contractor
    rows += [f"{one},{two},项目外包,2027-1-1,2026-12-31,{'0f' * 32}", f"{one},{two},借用,,,"]
    file = tmp_path / "contracts.csv"
    file.write_text("\n".join([heading, *rows]))
    done = hanma(tmp_path, "import", "contracts", file, "--good-rows-only")
    assert [f"row {line}:" in done.stdout for line in (2, 3, 4, 5)] == [False, True, True, True]
    assert told(done)["written"] == 1
    out = hanma(tmp_path, "export", "contracts", tmp_path / "out.csv")
    assert told(out) == {"ok": True, "rows": 1}
    assert f"{one},项目外包,{two}" in (tmp_path / "out.csv").read_text()


def test_cylinders_go_in_and_out_and_are_no_machines(tmp_path: Path) -> None:
    hanma(tmp_path, "import", "enterprises", table(tmp_path / "firms.csv", ONE))
    heading = "特种设备在线编号,气瓶名称,统一社会信用代码,所属行政区划,监管领域,介质,下次检验日期"
    one = f"{ONE + uscc_check(ONE)},990101001,工矿商贸"
    rows = [f"TS-1,一号瓶,{one},氧气,2028-1-1", f"TS-1,二号瓶,{one},乙炔,2028-1-1"]
    rows += [f"TS-3,三号瓶,{one},水,2028-1-1", f"TS-4,四号瓶,{one},乙炔,"]
    file = tmp_path / "cylinders.csv"
    file.write_text("\n".join([heading, *rows]))
    done = hanma(tmp_path, "import", "cylinders", file, "--good-rows-only")
    assert [f"row {line}:" in done.stdout for line in (2, 3, 4, 5)] == [False, True, True, True]
    assert told(hanma(tmp_path, "export", "cylinders", tmp_path / "out.csv"))["rows"] == 1
    assert told(hanma(tmp_path, "export", "machines", tmp_path / "m.csv"))["rows"] == 0


def test_a_maker_s_list_goes_in_and_a_bad_row_is_named(tmp_path: Path) -> None:
    one, two = (make_code("990101", random.Random(seed)) for seed in (1, 2))
    rows = [f"{one},T-1,演示厂", f"{one},T-2,演示厂", f"{two},T-1,演示厂", "xyz,T-3,演示厂"]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(["焊机编码,终端编号,生产厂家", *rows]))
    done = hanma(tmp_path, "import", "maker", file, "--good-rows-only")
    assert [f"row {line}:" in done.stdout for line in (2, 3, 4, 5)] == [False, True, True, True]
    assert told(hanma(tmp_path, "export", "maker", tmp_path / "out.csv"))["rows"] == 1
    again = hanma(tmp_path, "import", "maker", tmp_path / "out.csv", "--dry-run")
    assert told(again)["unchanged"] == 1


def test_a_dry_run_names_what_would_change_and_the_import_changes_it(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", ONE, TWO)
    assert told(hanma(tmp_path, "import", "enterprises", file))["new"] == 2
    file.write_text(file.read_text().replace(f"演示{TWO}", "演示新名"))
    dry = hanma(tmp_path, "import", "enterprises", file, "--dry-run")
    assert "row 3: 改 changes 企业名称" in dry.stdout and "row 2:" not in dry.stdout
    assert told(dry) == {"ok": True} | counts(changed=1, unchanged=1) | {"written": 0}
    assert told(hanma(tmp_path, "import", "enterprises", file))["written"] == 1
    assert told(hanma(tmp_path, "import", "enterprises", file)) == (
        {"ok": True} | counts(unchanged=2) | {"written": 0}
    )


def test_cylinders_contracts_trainings_and_dates_change_by_their_keys(tmp_path: Path) -> None:
    hanma(tmp_path, "import", "enterprises", table(tmp_path / "firms.csv", ONE, TWO))
    one, two = (number + uscc_check(number) for number in (ONE, TWO))
    body = "99010119900101001"
    identity = body + identity_check(body)
    person = f"公民身份号码,姓名,角色,行政区划\n{identity},演示甲,焊工,990101"
    cylinder = (
        "特种设备在线编号,气瓶名称,统一社会信用代码,所属行政区划,监管领域,介质,下次检验日期\n"
    )
    contract = "发包单位统一社会信用代码,承包单位统一社会信用代码,合同类型,合同编号,"
    contract += "合同开始日期,合同结束日期,安全协议摘要\n"
    code = make_code("990101", random.Random(3))
    tables = {
        "people": (person, None),
        "cylinders": (f"{cylinder}TS-1,一号瓶,{one},990101001,工矿商贸,氧气,2028-1-1", "2028-1-1"),
        "contracts": (
            f"{contract}{one},{two},项目外包,H-1,2027-1-1,2027-12-1,{'0f' * 32}",
            "-12-1",
        ),
        "training": (f"身份证号,类型,日期,合格,组织单位\n{identity},考试,2027-1-5,否,演示", "否"),
        "dates": (
            "类型,名称,行政区划,开始日期,结束日期\n特殊时段,节,9901,2027-1-1,2027-1-9",
            "-9",
        ),
        "maker": (f"焊机编码,终端编号,生产厂家\n{code},T-1,演示厂", "演示厂"),
    }
    other = {"否": "是", "-9": "-8", "演示厂": "新厂", "-12-1": "-11-1", "2028-1-1": "2029-1-1"}
    for kind, (text, part) in tables.items():
        file = tmp_path / f"{kind}.csv"
        file.write_text(text)
        assert told(hanma(tmp_path, "import", kind, file))["new"] == 1, kind
        assert told(hanma(tmp_path, "import", kind, file))["unchanged"] == 1, kind
        if part:
            file.write_text(text.replace(part, other[part]))
            assert told(hanma(tmp_path, "import", kind, file))["written"] == 1, kind
            assert told(hanma(tmp_path, "import", kind, file))["unchanged"] == 1, kind


def test_modules_come_in_with_sim_and_insurance_and_where_they_are_is_not_told_by_a_table(
    tmp_path: Path,
) -> None:
    file, out = tmp_path / "modules.csv", tmp_path / "out.csv"
    heading = "模块地址,终端编号,库存状态,SIM 到期,保险单号,保险到期"
    good = "A4:CF:12:00:00:01,,,2029-1-5,PICC-1,2028-6-30"
    bad = ("a4cf12,,,,,", "a4cf12000002,HM-1,,,,", "a4cf12000003,,已安装,,,", f"{good},")
    file.write_text("\n".join((heading, good, *bad)))
    done = hanma(tmp_path, "import", "modules", file, "--good-rows-only")
    assert [f"row {line}:" in done.stdout for line in range(2, 7)] == [False] + 4 * [True]
    assert told(done)["written"] == 1
    assert told(hanma(tmp_path, "export", "modules", out)) == {"ok": True, "rows": 1}
    assert "a4cf12000001,,已入库,2029-01-05,PICC-1,2028-06-30" in out.read_text()
    assert told(hanma(tmp_path, "import", "modules", out))["unchanged"] == 1
    out.write_text(out.read_text().replace("2029-01-05", "2030-01-05"))
    dry = hanma(tmp_path, "import", "modules", out, "--dry-run")
    assert "改 changes SIM 到期" in dry.stdout
    assert told(hanma(tmp_path, "import", "modules", out))["written"] == 1
    out.write_text(out.read_text().replace("已入库", "已报废"))
    refused = hanma(tmp_path, "import", "modules", out)
    assert refused.exit_code == 1 and "状态不能用表格改" in refused.stdout
    (history,) = hanma(tmp_path, "terminal", "history", "a4cf12000001").stdout.splitlines()
    assert json.loads(history)["who"] == "import"


def test_names_of_districts_go_in_and_out_and_are_changed_by_their_code(tmp_path: Path) -> None:
    file, out = tmp_path / "places.csv", tmp_path / "out.csv"
    rows = ("990101,青禾县（演示）", "990101001,河湾镇（演示）", "99010,无此级", "990102,")
    file.write_text("\n".join(("区划代码,区划名称", *rows)))
    done = hanma(tmp_path, "import", "districts", file, "--good-rows-only")
    assert [f"row {line}:" in done.stdout for line in (2, 3, 4, 5)] == [False, False, True, True]
    assert told(hanma(tmp_path, "export", "districts", out)) == {"ok": True, "rows": 2}
    out.write_text(out.read_text().replace("河湾镇", "河口镇"))
    again = told(hanma(tmp_path, "import", "districts", out))
    assert (again["changed"], again["unchanged"]) == (1, 1)
