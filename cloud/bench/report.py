"""`hanma bench report`: all measurements one after another, written down as docs/performance.md.

Each runs as its own command, as anybody would run it; the page holds the command, its last line as
a table, and on what machine it was.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud.bench import machine, sizing
from cloud.bench.served import say

# What is measured, in the order of a day: the command's words, and the fewer ones of `short`,
# which fits in half an hour.
RUNS: dict[str, tuple[str, str]] = {
    "latency": ("latency", "latency --times 30"),
    "ticket": ("ticket", "ticket --times 30"),
    "decide": ("decide", "decide --times 100"),
    "import": ("import", "import --rows 20000"),
    "ingest": ("ingest", "ingest --seconds 20"),
    "ingest-5000": ("ingest --rate 5000", "ingest --rate 5000 --seconds 20"),
    "storm": ("storm", "storm"),
    "revoke": ("revoke", "revoke --times 4"),
    "footprint": ("footprint", "footprint"),
    "rush": ("rush --apart", "rush --apart --jobs 1500 --rate 20"),
    "rush-postgresql": (
        "rush --apart --postgresql",
        "rush --apart --postgresql --jobs 1500 --rate 20",
    ),
    "whole": ("rush --apart --whole", "rush --apart --whole --jobs 300"),
    "peer": ("peer", "peer"),
    "overload": ("overload --minutes 15", "overload"),
}
_HEAD = """# What it costs 性能实测

Written by `hanma bench report`; nothing here is by hand. Each table is the last line of the
command above it, figure beside limit; `ok: no` stands where a limit was not met on this machine.
本页由 `hanma bench report` 生成；每张表是其上命令最后一行的内容，实测值与上限并列。

| | |
|---|---|
{machine}
"""


def write(names: Iterable[str], short: bool, file: Path) -> bool:
    """Run these, write the page; whether all met their limits. Others on it stay as they were."""
    parts, good = _known(file), True
    head = _HEAD.format(machine=_table(_machine()))
    for name in names:
        words = f"bench {RUNS[name][short]}"
        say(f"hanma {words}")
        told = _told(words.split())
        good &= bool(told.get("ok"))
        parts[name] = section(name, words, told)
        # After each: what is measured is kept though a later one is broken off.
        file.write_text(page(head, [parts[one] for one in RUNS if one in parts]), "utf-8")
    return good


def page(head: str, parts: list[str]) -> str:
    """The whole page, with the table of sizes that is reckoned from it."""
    return "\n".join([head, *filter(None, [sizing.section("\n".join([head, *parts]))]), *parts])


def section(name: str, words: str, told: dict[str, Any]) -> str:
    """One command's part of the page, with its day: others on it may be older."""
    told = {"date 日期": datetime.now(UTC).date().isoformat(), **told}
    return f"## {name}: `hanma {words}`\n\n| | |\n|---|---|\n{_table(told)}\n"


def _known(file: Path) -> dict[str, str]:
    """The parts of the page as it is, by name."""
    text = file.read_text("utf-8") if file.exists() else ""
    return {name: part.rstrip("\n") + "\n" for name, part in sizing.parts(text).items()}


def _told(words: Iterable[str]) -> dict[str, Any]:
    done = subprocess.run(machine.python("cloud", *words), stdout=subprocess.PIPE, text=True)
    lines = done.stdout.splitlines()
    try:
        told: dict[str, Any] = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"ok": False, "why": f"it ended with {done.returncode}"}
    return told


def _machine() -> dict[str, str]:
    """What the figures are good for."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor 处理器": f"{os.cpu_count()} × {cpu}",
        "memory 内存": f"{memory:.0f} GB",
        "system 系统": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def _table(told: dict[str, Any]) -> str:
    return "\n".join(f"| {name} | {_plain(value)} |" for name, value in told.items())


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_plain(one)}" for name, one in value.items()) or "—"
    if isinstance(value, list):
        return "; ".join(map(_plain, value)) or "—"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
