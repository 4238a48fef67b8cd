"""What a table changes holds at once for work that goes on (cloud/cases/imports.py)."""

from typing import Any

import pytest

from cloud.base.formats import identity_check
from cloud.cases import imports, kinds
from cloud.registry import certificates, people
from cloud.registry.ledgers import bring
from tests.cloud.cases.conftest import IDENTITY, Desk

_BODY = "99010119900101002"
OTHER = _BODY + identity_check(_BODY)
PAPER = {
    "公民身份号码": IDENTITY,
    "发证部门": "应急管理",
    "证件编号": "T0001",
    "作业类别": "熔化焊接与热切割作业",
    "有效期起": "2025-01-05",
    "有效期止": "2031-01-04",
}


@pytest.fixture
def job(desk: Desk) -> Any:
    """A running job whose welder is known by number and holds this one certificate."""

    def known(unit: Any) -> None:
        welder = people.get(unit, desk.welder.id)
        told = {"name": welder.name, "login": "x", "district": welder.district, "roles": set()}
        made = people.row(unit, **told, identity=IDENTITY)
        welder.identity_sealed, welder.identity_blind = (
            made[name] for name in ("identity_sealed", "identity_blind")
        )
        certificates.forget(unit, welder.id)

    desk.county.do(known)
    desk.county.person("welder", identity=OTHER)
    assert brought(desk, "certificates", PAPER).good
    return desk.working()


def brought(desk: Desk, kind: str, row: dict[str, str]) -> bring.Judged:
    """A table of one row, judged and written; what follows is handled."""

    def write(unit: Any) -> bring.Judged:
        judged = bring.judge(unit, kinds.ledger(unit, kind), [(2, row)])
        assert judged.bad == []
        imports.written(unit, kind, judged, "somebody", lambda more: None)
        return judged

    judged: bring.Judged = desk.county.do(write)
    desk.exchange()
    return judged


@pytest.mark.parametrize("change", [{"证件状态": "撤销"}, {"公民身份号码": OTHER}])
def test_a_certificate_that_a_table_revokes_or_gives_to_another_carries_no_job(
    desk: Desk, job: Any, change: dict[str, str]
) -> None:
    brought(desk, "certificates", PAPER | change)
    assert (desk.state(job), desk.job(job).end_reason) == ("ended", "certificate")
    assert desk.terminal.relay == 0


def test_who_is_no_welder_any_more_by_a_table_does_not_go_on_as_one(desk: Desk, job: Any) -> None:
    welder = {"姓名": desk.welder.name, "公民身份号码": IDENTITY, "行政区划": "990101001"}
    brought(desk, "people", welder | {"角色": "监护人"})
    assert (desk.state(job), desk.job(job).end_reason) == ("ended", "role")


def test_what_a_table_leaves_as_it_was_lets_a_job_go_on(desk: Desk, job: Any) -> None:
    brought(desk, "certificates", PAPER | {"应复审日期": "2030-01-04"})
    assert (desk.state(job), desk.terminal.relay) == ("on", 1)
