"""`hanma bench sizing`: which machines for how many terminals, reckoned from what was measured.

The page of measurements is read, nothing is measured here. Cores are counted for the worst five
minutes of a day, when all its jobs begin while all terminals beat, and half of each is left free.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

from cloud.base.settings import Settings
from cloud.bench.footprint import DAYS

RUSH_S = 300
BUSY = 0.5
FILES = 18_000  # terminals on one Mosquitto: a connection is a file, of 20,000 a process
_PART = re.compile(r"(?m)^(?=## ([\w-]+): `hanma)")
_NUMBER = re.compile(r"(?m)^\| (\w+) \| ([\d,.]+) \|$")
_CORES = re.compile(r"(?m)^\| processor \S+ \| (\d+) × ")
_HEAD = """## 机器要多大 Sizing

Reckoned from the tables below by `hanma bench sizing`, which tells any other size too: messages
and ON of the worst five minutes, cores of this kind half busy, memory of the programs and all
terminals, Mosquittos of 18,000 each (or one EMQX cluster), the database's growth in a year
without pictures.
由 `hanma bench sizing` 按下面的实测算出（别的规模也能算）：最忙五分钟的消息和开机、
同类处理器核数（留一半余量）、程序和全部终端的内存、
Mosquitto 台数（每台 18,000，或一个 EMQX 集群）、数据库一年的增长（不含照片）。
"""


@dataclass(frozen=True)
class Size:
    """So many terminals, and jobs a day."""

    name: str
    terminals: int
    jobs: int


SIZES = (
    Size("县 county", 2_000, 400),
    Size("市 city", 20_000, 4_000),
    Size("省 province", 153_000, 28_000),
)


class NotMeasured(Exception):
    """The page lacks a measurement that is wanted; the text is its name."""


def parts(page: str) -> dict[str, str]:
    """Each measurement on a page, heading and table, by its name."""
    found = _PART.split(page)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def figures(page: str) -> dict[str, dict[str, float]]:
    """The numbers of each measurement on a page, by its name."""
    return {
        name: {key: float(value.replace(",", "")) for key, value in _NUMBER.findall(part)}
        for name, part in parts(page).items()
    }


def reckoned(page: str, size: Size) -> dict[str, float]:
    """What this size takes, in the words of the table; NotMeasured."""
    told, found = figures(page), _CORES.search(page)
    if found is None:
        raise NotMeasured("processor")
    for name in ("ingest", "rush", "footprint"):
        if name not in told:
            raise NotMeasured(name)
    cores = int(found[1])
    ingest, rush, foot = told["ingest"], told["rush"], told["footprint"]
    message_s = _core_s(ingest["cpu_percent"], cores, ingest["rate"])
    on_s = _core_s(rush["cpu_percent"], cores, rush["done_rate"])
    usual = Settings()
    messages = size.jobs / usual.beat_working_s
    messages += max(0, size.terminals - size.jobs) / usual.beat_idle_s
    ons = size.jobs / RUSH_S
    wanted = math.ceil((messages * message_s + ons * on_s) / BUSY)
    a_terminal_kb = foot["broker_kb_a_terminal"] + foot["cloud_kb_a_terminal"]
    memory_kb = size.terminals * a_terminal_kb + wanted * ingest["rss_mb"] * 1024
    return {
        "terminals": size.terminals,
        "jobs_a_day": size.jobs,
        "messages_s": round(messages),
        "ons_s": round(ons, 1),
        "cores": wanted,
        "memory_gb": round(memory_kb / 2**20, 1),
        "mosquittos": math.ceil(size.terminals / FILES),
        "year_gb": round(foot["job_kb"] * size.jobs * DAYS / 2**20, 1),
    }


def section(page: str) -> str:
    """This part of the page; empty while something that it needs was not measured."""
    try:
        rows = [(size.name, reckoned(page, size)) for size in SIZES]
    except (NotMeasured, KeyError):
        return ""
    names = list(rows[0][1])
    lines = [["", *names], ["---"] * (len(names) + 1)]
    lines += [[name, *(f"{told[one]:,}" for one in names)] for name, told in rows]
    return "\n".join([_HEAD, *(f"| {' | '.join(line)} |" for line in lines), ""])


def tell(file: Path, size: Size) -> int:
    """Prints one JSON object; 0 if it could be reckoned."""
    try:
        told = reckoned(file.read_text("utf-8"), size)
    except (NotMeasured, KeyError, OSError) as error:
        print(json.dumps({"ok": False, "why": f"not measured: {error}"}))
        return 1
    print(json.dumps({"ok": True, **told}))
    return 0


def _core_s(percent: float, cores: int, rate: float) -> float:
    """Seconds of one core for one piece, of so many a second that took so much of the machine."""
    return percent / 100 * cores / rate
