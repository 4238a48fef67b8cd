"""Tables from and to .xlsx and .csv files."""

import io
import zipfile
from datetime import date
from operator import length_hint
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from cloud.registry.ledgers import files
from cloud.registry.ledgers.files import BadTable

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert files.write(path, ["姓名", "数"], [["演示,“甲”", 3], ["乙", None]]) == 2
    assert list(files.read(path)) == [
        (2, {"姓名": "演示,“甲”", "数": "3"}),
        (3, {"姓名": "乙", "数": ""}),
    ]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_ours_is_a_formula_to_a_spreadsheet(
    tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / name
    files.write(path, ["名"], [[text]])
    if name.endswith("xlsx"):
        cell = load_workbook(path).active["A2"]
        assert (cell.data_type, cell.value) == ("s", f"'{text}")
    else:
        assert f"'{text}" in path.read_text("utf-8-sig")
    assert list(files.read(path)) == [(2, {"名": text})]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv"])
def test_a_bar_is_told_how_many_rows_there_are(tmp_path: Path, name: str) -> None:
    files.write(tmp_path / name, ["名"], [["甲"], ["乙"], ["丙"]])
    assert length_hint(files.read(tmp_path / name)) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_that_are_met(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("企业名称,行政区划\r\n演示一厂,990101\r\n,\r\n", encoding)
    assert list(files.read(path)) == [(2, {"企业名称": "演示一厂", "行政区划": "990101"})]


def test_cells_of_a_spreadsheet_become_texts(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["日", "数", "小数", "空"])
    book.active.append([date(2027, 1, 5), 12.0, 11.5, None])
    book.save(tmp_path / "t.xlsx")
    (row,) = files.read(tmp_path / "t.xlsx")
    assert row == (2, {"日": "2027-01-05", "数": "12", "小数": "11.5", "空": ""})


@pytest.mark.parametrize(
    ("name", "raw"),
    [("t.xlsx", b"no zip"), ("t.xlsx", b"PK\x03\x04"), ("t.csv", b"\xff\xfe\x00\xd8\x80")],
)
def test_what_is_no_table_is_said_so(tmp_path: Path, name: str, raw: bytes) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BadTable):
        list(files.read(tmp_path / name))


def spoiled(what: str, put: str) -> bytes:
    """A sound spreadsheet of two rows whose sheet was changed in one place."""
    sound, made = io.BytesIO(), io.BytesIO()
    book = Workbook()
    book.active.append(["a", "b"])
    book.active.append([1, 2])
    book.save(sound)
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            body = old.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                assert what in body
                body = body.replace(what, put)
            new.writestr(name, body)
    return made.getvalue()


@pytest.mark.parametrize(
    ("what", "put", "is_read"),
    [
        ('r="B2"', 'r="XFD1048576"', False),
        ('r="B2"', 'r="BA2"', False),
        ('r="B2"', 'r="B400000"', False),
        (
            "</sheetData>",
            '<row r="400000"><c r="A400000"/><c><v>1</v></c></row></sheetData>',
            False,
        ),
        ("</row></sheetData>", '<c r="XFD2" s="1"/></row><row r="1048576"/></sheetData>', True),
        ('ref="A1:B2"', 'ref="A1:XFD1048576"', True),
    ],
)
def test_a_cell_that_lies_far_out_does_not_take_all_memory(
    what: str, put: str, is_read: bool
) -> None:
    """The reader lays out all that lies between; what only has a colour there counts nothing."""
    raw = spoiled(what, put)
    if is_read:
        assert list(files.lines(raw, ".xlsx")) == [(2, {"a": "1", "b": "2"})]
        return
    with pytest.raises(BadTable, match="399999"):
        files.lines(raw, ".xlsx")


def test_a_spreadsheet_that_swells_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_UNPACKED_MAX", 1 << 20)
    raw = spoiled("</sheetData>", "</sheetData>" + " " * (2 << 20))
    with pytest.raises(BadTable, match="太大"):
        files.lines(raw, ".xlsx")


def test_a_file_of_too_many_lines_is_not_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LINES_MAX", 3)
    assert len(list(files.lines(b"a\n1\n2\n", ".csv"))) == 2
    with pytest.raises(BadTable, match="太大"):
        list(files.lines(b"a\n1\n2\n3\n", ".csv"))


@pytest.mark.parametrize(
    "name", ["功率（千瓦）", "功率(千瓦)", "功率（千瓦）*", " 功率\n( 千瓦 )＊"]
)
def test_a_heading_is_known_however_it_is_written(name: str) -> None:
    (row,) = files.lines(f'"{name}"\n1\n'.encode(), ".csv")
    assert row == (2, {"功率(千瓦)": "1"})


@pytest.mark.parametrize("table", ["a,b\n1,2,3\n", "a,b,\n1,2,3\n", "a\tb\n1\t2\t\t3\n"])
def test_a_text_under_no_heading_is_not_lost(tmp_path: Path, table: str) -> None:
    name = "t.tsv" if "\t" in table else "t.csv"
    (tmp_path / name).write_text(table)
    assert list(files.read(tmp_path / name)) == [(2, {"a": "1", "b": "2", files.ASTRAY: "3"})]


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    table = b'a,b\r\n\r\n"1\r\n1",2\r\n,\r\n3,\r\n4\r\n'
    rows = [(3, {"a": "1\r\n1", "b": "2"}), (5, {"a": "3", "b": ""}), (6, {"a": "4", "b": ""})]
    assert list(files.lines(table, ".csv")) == rows


def test_a_heading_that_stands_there_twice_is_told() -> None:
    with pytest.raises(BadTable, match="两列都叫：a"):
        files.lines(b"a,b, a\n1,2,3\n", ".csv")
