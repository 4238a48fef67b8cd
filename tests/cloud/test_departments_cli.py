"""`hanma department`: made, changed, posted to."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.book.audit import AuditRow
from cloud.cli import main
from tests.cloud.conftest import County, HandClock


def run(folder: Path, *words: str) -> Result:
    return CliRunner(env={"HANMA_DATA": str(folder)}).invoke(main, ["department", *words])


def trail(folder: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """What stands in the audit trail: what, of whom, details."""
    ground = Ground.open(Settings(data_dir=folder))
    with ground.read() as unit:
        rows = unit.db.scalars(select(AuditRow).order_by(AuditRow.district.desc(), AuditRow.seq))
        told = [(row.what, row.subject, row.details) for row in rows]
    ground.close()
    return told


def test_a_department_is_made_and_an_officer_posted(tmp_path: Path) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    county = County(ground, HandClock())
    officer, welder = county.person("officer"), county.person("welder")
    ground.close()
    made = run(tmp_path, "put", "housing", "住建", "construction")
    assert json.loads(made.output)["trades"] == ["construction"]
    assert run(tmp_path, "post", officer.login, "housing").exit_code == 0
    assert run(tmp_path, "post", officer.login).exit_code == 0
    for words in ((welder.login, "housing"), ("nobody", "housing"), (officer.login, "none")):
        answer = run(tmp_path, "post", *words)
        assert (answer.exit_code, "no such" in answer.output) == (1, True)
    assert run(tmp_path, "put", "x", "一", "fishing").exit_code == 2
    assert trail(tmp_path) == [
        (
            "department-set",
            "housing",
            {"code": "housing", "name": "住建", "trades": ["construction"]},
        ),
        ("officer-posted", officer.id, {"department": "housing"}),
        ("officer-posted", officer.id, {"department": ""}),
    ]


@pytest.mark.parametrize(
    "words", [("", "住建", "construction"), ("x", " ", "construction"), ("x", "住建")]
)
def test_a_department_without_code_name_or_trade_is_refused_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    ground.close()
    answer = run(tmp_path, "put", *words)
    assert (answer.exit_code, answer.output) == (
        1,
        "Error: 部门要有代码、名称和至少一个行业。 A department has a code, a name and a trade.\n",
    )
    assert trail(tmp_path) == []
