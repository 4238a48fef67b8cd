"""The images that the office knows: a table beside the ledger, `board,version,file,sha256`.

Their publisher gives no digests, so each row is a person's word: the same file came by two ways
with the same SHA-256. Where a row names the image that is wanted, nobody has to type its digest.
"""

import csv
import re
from pathlib import Path

from flash.bench import StepFailed

_FIELDS = ("board", "version", "file", "sha256")
_NAME = re.compile(r"(?P<board>[A-Z0-9_-]+)-\d{8}-v(?P<version>[\w.-]+)\.bin")


def known(table: Path | None) -> dict[str, str]:
    """File's name → digest, in small letters; StepFailed for a table that cannot be read."""
    if table is None or not table.exists():
        return {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row["file"].strip(): row["sha256"].strip().lower() for row in rows}
    except (OSError, ValueError, KeyError, AttributeError, csv.Error):
        raise StepFailed(
            "image-table",
            f"镜像表读不了：{table}。 The table of known images cannot be read.",
            f"第一行应是 {','.join(_FIELDS)}，每行四格。 Mend it: that line first.",
        ) from None


def add(table: Path, name: str, digest: str) -> str:
    """The row of an image whose digest was compared, put in where it is not there yet; StepFailed
    for a name that is not its publisher's, and where the table has another digest of it."""
    told, rows = _NAME.fullmatch(name), known(table)
    if told is None:
        raise StepFailed(
            "image-name",
            f"{name} 不是发布时的文件名。 That is not its name as it was published.",
            "请用官方文件名，如 ESP32_GENERIC-SPIRAM-20260406-v1.28.0.bin。 Keep its own name.",
        )
    if rows.get(name, digest) != digest:
        raise StepFailed(
            "image-other",
            f"{name}：表里已有另一个摘要 {rows[name][:16]}…。 The table has another digest of it.",
            "请停下核实，或改正、删去那一行。 Stop and find out why, or mend that row.",
        )
    row = (told["board"], told["version"], name, digest)
    if name not in rows:
        fresh = not table.exists()
        table.parent.mkdir(parents=True, exist_ok=True)
        with table.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([_FIELDS, row] if fresh else [row])
    return " ".join(row)
