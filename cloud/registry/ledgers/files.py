"""Tables of texts, from and to .xlsx and .csv files.

Rows are counted as a spreadsheet counts them: the heading is row 1.
"""

import csv
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache, reduce
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from cloud.registry.ledgers.said import Complaint

# A cell that begins so is a formula to a spreadsheet, whoever wrote it (CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_UNPACKED_MAX = 400 << 20  # a spreadsheet is a zip, and a small one may swell
_NO_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
_ROWS_MAX, _COLUMNS_MAX = 399_999, 52  # of a spreadsheet
_LINES_MAX = 1_000_000  # of a file of lines
# The names of cells and rows beyond, wherever they stand: quick to look for in much text.
_FAR = re.compile(rb"""["'](?:[A-Z]{3,}\d|[B-Z][A-Z]\d|[A-Z]{0,2}(?:[4-9]\d{5}|\d{7}))""", re.I)
_TOP = 10  # rows in which the heading is looked for
ASTRAY = ""  # what a column without a heading is called

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Line = tuple[int, dict[str, str]]


class BadTable(Complaint):
    """The file is no table of ours."""


class Lines:
    """The rows below a heading, to be gone through once as (row number, {heading: text}); empty
    rows are left out, and a heading is as `heading` says. A text that stands under no heading is
    kept under `ASTRAY`. `names` = the headings. Their length is a hint, for a progress
    bar. BadTable: a heading twice."""

    def __init__(
        self, names: Iterable[Any], rows: Iterable[tuple[int, Sequence[Any]]], about: int
    ) -> None:
        self.names = [heading(_text(name)) for name in names]
        self._rows, self._about = rows, max(0, about)
        twice = {name for name in self.names if name and self.names.count(name) > 1}
        if twice:
            words = "、".join(sorted(twice))
            raise BadTable(f"表头里有两列都叫：{words}。", f"Twice in the heading: {words}.")

    def __length_hint__(self) -> int:
        return self._about

    def __iter__(self) -> Iterator[Line]:
        for number, cells in self._rows:
            texts = [_text(cell) for cell in cells]
            if any(texts):
                told = dict.fromkeys(filter(None, self.names), "")
                under = zip(chain(self.names, repeat(ASTRAY)), texts, strict=False)
                told.update((name, text) for name, text in under if text)
                yield number, told


def read(path: Path) -> Lines:
    """The table in a file; BadTable, also while its rows are gone through."""
    return lines(path.read_bytes(), path.suffix)


def lines(raw: bytes, suffix: str) -> Lines:
    """The same from the file's bytes; `suffix` = how its name ends."""
    kind = suffix.lower()
    return _read_xlsx(raw) if kind == ".xlsx" else _read_csv(raw, tabs=kind == ".tsv")


def write(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write a table, as a spreadsheet where the name ends so, else as CSV; how many rows."""
    return (_write_xlsx if _is_xlsx(path) else _write_csv)(path, heading, rows)


@lru_cache(maxsize=500)
def heading(text: str) -> str:
    """A heading however it was spaced and broken in its cell, with wide brackets or plain ones,
    with or without the star of what must be filled in."""
    return "".join(unicodedata.normalize("NFKC", text).replace("*", "").split())


def guarded(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula; such a text gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _is_xlsx(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


def _text(value: Any) -> str:
    """A cell as text; the apostrophe that `guarded` put before a formula is taken off again."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _read_xlsx(raw: bytes) -> Lines:
    # Twenty times as quick as openpyxl, which writes our tables: a ledger has 100,000 rows.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(_unpacked(raw)).get_sheet_by_index(0)
    except (CalamineError, OSError, *_NO_ZIP) as error:
        raise BadTable("不是 .xlsx 表格。", f"No .xlsx spreadsheet: {error}.") from error
    first = sheet.start[0] + 1 if sheet.start else 1
    rows = iter(sheet.iter_rows())
    top = list(islice(rows, _TOP))
    at = _heading(top)
    numbered = enumerate(chain(top[at + 1 :], rows), first + at + 1)
    return Lines(top[at] if top else [], numbered, sheet.height - 1 - at)


def _unpacked(raw: bytes) -> io.BytesIO:
    """The parts of a spreadsheet that are read, as they are and not as the file says they are;
    BadTable where they swell, or where a cell lies so far out that the table between would take
    all memory there is (Excel's last one is XFD1048576)."""
    plain, left = io.BytesIO(), _UNPACKED_MAX
    with zipfile.ZipFile(io.BytesIO(raw)) as packed, zipfile.ZipFile(plain, "w") as parts:
        for name in dict.fromkeys(packed.namelist()):
            if not name.endswith((".xml", ".rels")):
                continue
            with packed.open(name) as part:
                body = part.read(left + 1)
            left -= len(body)
            if left < 0:
                raise _too_large()
            if _FAR.search(body) and _reaches_far(body):
                raise BadTable(
                    f"第 {_ROWS_MAX} 行以下或 AZ 列以右还有内容，请删掉多余的行列，或分成几份。",
                    f"There is something below row {_ROWS_MAX} or right of column AZ: delete what"
                    " is not needed, or split the table.",
                )
            parts.writestr(name, body)
    plain.seek(0)
    return plain


def _too_large() -> BadTable:
    return BadTable("表格太大，请分成几份。", "The table is too large; split it.")


def _reaches_far(body: bytes) -> bool:
    """Whether a cell that is not empty lies outside of what we read; what cannot be told does."""
    row = column = 0
    try:
        for event, node in ElementTree.iterparse(io.BytesIO(body), ("start", "end")):
            kind = node.tag.rpartition("}")[2]
            if kind == "row" and event == "start":
                row, column = int(node.get("r", row + 1)), 0
            elif kind == "c" and event == "start":
                letters = node.get("r", "").rstrip("0123456789").upper()
                row = int(node.get("r", "")[len(letters) :] or row)
                column = reduce(_letter, letters, 0) or column + 1
            elif kind == "c" and len(node) and (row > _ROWS_MAX or column > _COLUMNS_MAX):
                return True
            elif kind == "row":
                node.clear()
    except (ElementTree.ParseError, ValueError):
        return True
    return False


def _letter(column: int, letter: str) -> int:
    return column * 26 + ord(letter) - ord("A") + 1


def _heading(top: Sequence[Sequence[Any]]) -> int:
    """Which of the first rows is the heading: a form has its title and who fills it in above, in a
    cell or two, where the heading fills more than half of the breadth."""
    filled = [sum(1 for cell in cells if _text(cell)) for cells in top]
    return next((at for at, cells in enumerate(filled) if 2 * cells > max(filled)), 0)


def _read_csv(raw: bytes, tabs: bool) -> Lines:
    text = io.TextIOWrapper(io.BytesIO(raw), _encoding(raw), newline="")
    rows = _csv_cells(csv.reader(text, "excel-tab" if tabs else "excel"))
    _, names = next(rows, (1, []))
    return Lines(names, rows, raw.rstrip().count(b"\n"))


def _csv_cells(rows: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        for number, cells in enumerate(rows, 1):
            if number > _LINES_MAX:  # each may be bad, and a bad one takes much more room here
                raise _too_large()
            yield number, cells
    except csv.Error as error:
        raise BadTable("不是 CSV 表格。", f"No CSV table: {error}.") from error


def _encoding(raw: bytes) -> str:
    """UTF-8, or what a Chinese Excel writes."""
    for name in ("utf-8-sig", "gb18030"):
        try:
            raw.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise BadTable("文字编码不是 UTF-8 或 GB 18030。", "The text is neither UTF-8 nor GB 18030.")


def _write_xlsx(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(heading))
    count = 0
    for cells in rows:
        sheet.append([guarded(cell) for cell in cells])
        count += 1
    book.save(path)
    return count


def _write_csv(path: Path, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    # With the mark by which a Chinese Excel knows UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        for cells in rows:
            writer.writerow([guarded(cell) for cell in cells])
            count += 1
    return count
