"""`hanma bench report`: the page holds each command and its last line, met or not."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloud.bench import footprint, report
from cloud.cli import main


def test_the_page_holds_every_command_with_its_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: dict[str, dict[str, Any]] = {
        "ingest": {"ok": True, "rate": 1000, "why": {}},
        "storm": {"ok": False, "back_s": 301.5, "slow": ["a", "b"]},
    }
    monkeypatch.setattr(report, "_told", lambda words: told[words[1]])
    file = tmp_path / "page.md"
    done = CliRunner().invoke(main, ["bench", "report", "ingest", "storm", "--file", str(file)])
    page = file.read_text("utf-8")
    assert done.exit_code == 1  # a limit was not met
    assert (
        "## ingest: `hanma bench ingest`" in page
        and "| date 日期 | 20" in page
        and "| rate | 1,000 |" in page
    )
    assert "| ok | no |" in page and "| back_s | 301.5 |" in page and "| slow | a; b |" in page
    assert "processor" in page
    told["storm"] = {"ok": True, "back_s": 5.5}
    again = CliRunner().invoke(main, ["bench", "report", "storm", "--file", str(file)])
    newer = file.read_text("utf-8")
    assert again.exit_code == 0 and "| back_s | 5.5 |" in newer and "301.5" not in newer
    assert newer.count("## ") == 2 and "| rate | 1,000 |" in newer  # the others stay


def test_a_measurement_that_breaks_off_leaves_the_ones_before_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def told(words: list[str]) -> dict[str, Any]:
        if words[1] == "storm":
            raise KeyboardInterrupt
        return {"ok": True, "rate": 1000}

    monkeypatch.setattr(report, "_told", told)
    file = tmp_path / "page.md"
    CliRunner().invoke(main, ["bench", "report", "ingest", "storm", "--file", str(file)])
    assert "| rate | 1,000 |" in file.read_text("utf-8")


def test_two_measurements_by_one_command_stand_beside_each_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(report, "_told", lambda words: {"ok": True, "asked": " ".join(words)})
    file = tmp_path / "page.md"
    for one in ("ingest-5000", "ingest"):
        CliRunner().invoke(main, ["bench", "report", one, "--short", "--file", str(file)])
    page = file.read_text("utf-8")
    assert page.index("| asked | bench ingest --seconds 20 |") < page.index("--rate 5000")


def test_only_what_can_be_measured_is_asked_for() -> None:
    done = CliRunner().invoke(main, ["bench", "report", "speed"])
    assert done.exit_code == 2 and "footprint" in done.output


@pytest.mark.slow
@pytest.mark.sqlite  # how long the file grows
def test_a_whole_job_leaves_few_bytes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(footprint, "_JOBS", 3)
    kept = footprint._kept(tmp_path / "jobs")
    assert 0 < kept["job_kb"] < 50
    json.dumps(kept)
