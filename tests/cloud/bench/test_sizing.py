"""The table of sizes is reckoned from the page of measurements, by nobody's hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloud.bench import report, sizing
from cloud.cli import main

DOCS = Path(__file__).parents[3] / "docs" / "performance.md"
# On four cores: 1,000 messages a second take two of them, ten ON a second one.
INGEST = {"ok": True, "rate": 1000, "cpu_percent": 50.0, "rss_mb": 256}
RUSH = {"ok": True, "done_rate": 10.0, "cpu_percent": 25.0, "jobs": 28_000}
FOOTPRINT = {"ok": True, "broker_kb_a_terminal": 2.0, "cloud_kb_a_terminal": 6.0, "job_kb": 8.0}
MEASURED = {"ingest": INGEST, "rush": RUSH, "footprint": FOOTPRINT}


def page(**without: Any) -> str:
    told = {name: one for name, one in MEASURED.items() if name not in without}
    parts = [report.section(name, f"bench {name}", one) for name, one in told.items()]
    head = report._HEAD.format(machine="| processor 处理器 | 4 × made up |")
    return report.page(head, parts)


def test_a_size_is_reckoned_from_what_one_message_one_press_and_one_terminal_took() -> None:
    told = sizing.reckoned(page(), sizing.Size("", 36_600, 600))
    assert told == {
        "terminals": 36_600,
        "jobs_a_day": 600,
        "messages_s": 210,  # 600 every minute, 36,000 every three
        "ons_s": 2.0,
        "cores": 2,  # 0.42 for messages and 0.2 for ON, half busy
        "memory_gb": 0.8,
        "mosquittos": 3,
        "year_gb": 1.4,
    }


def test_the_page_holds_the_table_and_it_is_made_anew_with_each_measurement(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "page.md"
    monkeypatch.setattr(report, "_told", lambda words: MEASURED[words[1]])
    for name in MEASURED:
        before = file.read_text("utf-8") if file.exists() else ""
        assert "Sizing" not in before
        CliRunner().invoke(main, ["bench", "report", name, "--file", str(file)])
    text = file.read_text("utf-8")
    assert text.count("Sizing") == 1 and "| 省 province | 153,000 | 28,000 |" in text
    monkeypatch.setitem(MEASURED, "footprint", FOOTPRINT | {"job_kb": 16.0})
    CliRunner().invoke(main, ["bench", "report", "footprint", "--file", str(file)])
    newer = file.read_text("utf-8")
    assert newer.count("Sizing") == 1 and newer.count("## ") == text.count("## ") == 4
    assert newer != text


@pytest.mark.parametrize("lacking", MEASURED)
def test_without_a_measurement_there_is_no_table_and_the_command_says_which(
    lacking: str, tmp_path: Path
) -> None:
    file = tmp_path / "page.md"
    file.write_text(page(**{lacking: None}), "utf-8")
    assert "Sizing" not in file.read_text("utf-8")
    done = CliRunner().invoke(main, ["bench", "sizing", "--file", str(file)])
    told = json.loads(done.output.splitlines()[-1])
    assert done.exit_code == 1 and told == {"ok": False, "why": f"not measured: {lacking}"}


def test_any_size_can_be_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(page(), "utf-8")
    words = ["bench", "sizing", "--terminals", "100", "--jobs", "3", "--file", str(file)]
    told = json.loads(CliRunner().invoke(main, words).output.splitlines()[-1])
    assert told["ok"] and (told["terminals"], told["cores"], told["mosquittos"]) == (100, 1, 1)


def test_the_page_in_the_documents_says_what_is_reckoned_from_it() -> None:
    text = DOCS.read_text("utf-8")
    assert "Sizing" not in text or sizing.section(text) in text
