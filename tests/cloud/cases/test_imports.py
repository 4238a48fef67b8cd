"""What a table changes holds at once for work that goes on (cloud/cases/imports.py)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from cloud.base.formats import identity_check
from cloud.cases import imports, kinds, underway
from cloud.link import commands, intake, terminals
from cloud.registry import certificates, enterprises, people
from cloud.registry.contracts import Contract
from cloud.registry.ledgers import bring
from cloud.work.facts import end_of_china_day
from tests.cloud.cases.conftest import IDENTITY, Desk
from tests.cloud.stand_in import StandIn

OTHER, WATCHER = (
    body + identity_check(body) for body in ("99010119900101002", "99010119900101003")
)
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
        for one, number in ((desk.welder, IDENTITY), (desk.fire_watch, WATCHER)):
            person = people.get(unit, one.id)
            told = {"name": person.name, "login": "x", "district": person.district}
            made = people.row(unit, **told, roles=set(), identity=number)
            person.identity_sealed, person.identity_blind = (
                made[name] for name in ("identity_sealed", "identity_blind")
            )
        certificates.forget(unit, desk.welder.id)

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


@pytest.mark.parametrize("who", ["welder", "fire_watch"])
def test_who_belongs_to_another_enterprise_by_a_table_does_not_go_on(
    desk: Desk, job: Any, who: str
) -> None:
    number = {"welder": IDENTITY, "fire_watch": WATCHER}[who]
    told = {"姓名": "某某", "公民身份号码": number, "行政区划": "990101001"}
    told |= {"角色": "焊工" if who == "welder" else "监护人"}
    brought(desk, "people", told | {"手机号码": "13912345678"})
    assert desk.state(job) == "on"
    brought(desk, "people", told | {"统一社会信用代码": desk.county.enterprise("演示二厂").uscc})
    assert (desk.state(job), desk.job(job).end_reason) == ("ended", "enterprise")
    assert desk.terminal.relay == 0


@pytest.mark.parametrize(
    ("change", "state"),
    [({"所属行政区划": "990101002"}, "on"), ({"监管领域": "建筑施工"}, "ended"), ({}, "ended")],
)
def test_a_machine_of_another_field_or_enterprise_by_a_table_is_not_gone_on_with(
    desk: Desk, job: Any, change: dict[str, str], state: str
) -> None:
    other = desk.enterprise if change else desk.county.enterprise("演示二厂")
    told = {"设备名称": "焊机", "所属行政区划": "990101001", "监管领域": "工矿商贸"}
    told |= {"焊机编码": desk.machine.code, "统一社会信用代码": other.uscc}
    brought(desk, "machines", told | change)
    assert (desk.state(job), desk.terminal.relay) == (state, int(state == "on"))
    assert desk.job(job).end_reason == ("machine" if state == "ended" else "")


@pytest.mark.parametrize(("days", "ended"), [(-1, True), (0, False), (9, False)])
def test_a_contract_that_a_table_shortens_ends_its_job_now_or_at_its_last_day(
    desk: Desk, days: int, ended: bool
) -> None:
    outsider = desk.county.welder(desk.county.enterprise("演示承包队"))
    days_of = {"starts_on": desk.county.day(-3), "ends_on": desk.county.day(30)}
    desk.hire(outsider, contractor_id=outsider.enterprise_id, reference="C1", **days_of)
    firm = desk.county.ask(enterprises.get, outsider.enterprise_id)
    desk.welder = outsider
    job = desk.working()
    told = {"发包单位统一社会信用代码": desk.enterprise.uscc, "合同类型": "劳务外包"}
    told |= {"承包单位统一社会信用代码": firm.uscc, "合同编号": "C1", "安全协议摘要": "ab" * 32}
    told |= {"合同开始日期": desk.county.day(-3), "合同结束日期": desk.county.day(days)}
    brought(desk, "contracts", told)
    now = desk.job(job)
    assert (now.state, now.end_reason) == (("ended", "contract") if ended else ("on", ""))
    last = end_of_china_day(date.fromisoformat(desk.county.day(days)))
    assert ended or now.lease_until <= last


@pytest.mark.parametrize(
    ("status", "locked"), [("锁定", True), ("存在隐患", True), ("可用", False)]
)
def test_a_machine_that_a_table_brings_in_locked_locks_its_terminal_at_once(
    desk: Desk, status: str, locked: bool
) -> None:
    terminal = StandIn("T2", desk.county.do(terminals.provision, "T2"), desk.clock)
    desk.county.do(intake.receive, "T2", terminal.login())
    desk.exchange()
    told = {"设备名称": "焊机", "所属行政区划": "990101001", "监管领域": "工矿商贸"}
    told |= {"统一社会信用代码": desk.enterprise.uscc, "终端编号": "T2", "设备状态": status}
    brought(desk, "machines", told)
    lock = desk.county.ask(commands.latest, "T2", "lock")
    assert (lock is not None) == locked
    other = told | {"焊机编码": desk.machine.code, "设备状态": "", "终端编号": "T3"}
    lines = [(2, other)]  # one that is fitted is not replaced by a table
    judged = desk.county.ask(lambda unit: bring.judge(unit, kinds.ledger(unit, "machines"), lines))
    assert [row.line for row in judged.bad] == [2]


def test_the_same_table_by_two_at_once_is_written_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked at again before it is written, and nobody writes between the two."""
    ground, office = desk.county.ground, desk.county.person("office")
    told = "\n".join(
        (
            "合同类型,发包单位统一社会信用代码,焊工身份证号,合同开始日期,合同结束日期,安全协议摘要",
            f"临时用工,{desk.enterprise.uscc},{OTHER},2027-01-01,2027-12-31,{'ab' * 32}",
        )
    )
    desk.county.person("welder", identity=OTHER)
    runs = [
        desk.county.do(imports.keep, office, "contracts", f"{n}.csv", told.encode())
        for n in (1, 2)
    ]
    for run in runs:
        imports.judge(ground, run.id)
        assert desk.county.do(
            lambda unit, id=run.id: imports.decide(unit, imports.get(unit, id), office, "all")
        )
    alone = []
    mark = ground.settings.data_dir / "import.mark"
    judge = bring.judge
    monkeypatch.setattr(
        bring, "judge", lambda *given: (alone.append(underway.progress(mark)), judge(*given))[1]
    )
    for run in runs:
        imports.write(ground, run.id)
    assert None not in alone and len(alone) == 2
    states = [desk.county.ask(imports.get, run.id).state for run in runs]
    assert states == ["written", "judged"]
    rows = select(func.count()).select_from(Contract)
    assert desk.county.ask(lambda unit: unit.db.scalar(rows)) == 1


def test_what_a_table_leaves_as_it_was_lets_a_job_go_on(desk: Desk, job: Any) -> None:
    brought(desk, "certificates", PAPER | {"应复审日期": "2030-01-04"})
    assert (desk.state(job), desk.terminal.relay) == ("on", 1)
