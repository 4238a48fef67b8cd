"""Machines: one code each, at most one terminal each."""

import random
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.base.ids import read_code
from cloud.registry import machines
from cloud.registry.machines import BadMachine


def test_a_machine_gets_a_code_of_its_county(county: Any) -> None:
    machine = county.machine(district="990101001")
    assert machine.code.startswith("990101")
    assert read_code(machine.code) == machine.code
    assert (machine.status, machine.device, machine.fitted_at) == ("usable", None, None)


def test_a_machine_is_found_by_id_and_by_its_code_as_scanned(county: Any) -> None:
    machine = county.machine()
    typed = f" {machine.code[:6]}-{machine.code[6:].lower()}"
    assert county.ask(machines.by_code, typed).id == machine.id
    assert county.ask(machines.get, machine.id).code == machine.code


@pytest.mark.parametrize("text", ["", "990101", "9901010000000?", "' OR 1=1 --"])
def test_no_machine_has_what_is_no_code(county: Any, text: str) -> None:
    county.machine()
    assert county.ask(machines.by_code, text) is None


def test_a_code_already_given_is_not_given_again(county: Any) -> None:
    county.rng = random.Random(5)
    first = county.machine()
    county.rng = random.Random(5)
    assert county.machine().code != first.code


def test_a_terminal_is_fitted_and_taken_off(county: Any) -> None:
    machine = county.machine(device="HM-990101-0001")
    assert county.ask(machines.by_device, "HM-990101-0001").id == machine.id
    assert machine.fitted_at == county.clock.now
    with county.ground.write() as unit:
        machines.fit(unit, machines.get(unit, machine.id), None)
    assert county.ask(machines.by_device, "HM-990101-0001") is None


def test_a_terminal_sits_on_one_machine_only(county: Any) -> None:
    county.machine(device="HM-990101-0001")
    with pytest.raises(IntegrityError):
        county.machine(device="HM-990101-0001")


@pytest.mark.parametrize("wrong", [{"industry": "farming"}, {"district": "9901"}])
def test_a_wrong_field_is_refused(county: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(BadMachine):
        county.machine(**wrong)


def test_a_machine_is_locked_out_and_let_in_again(county: Any) -> None:
    machine = county.machine()
    with county.ground.write() as unit:
        row = machines.get(unit, machine.id)
        for status in ("unsafe", "locked", "scrapped", "usable"):
            machines.set_status(unit, row, status)
            assert row.status == status
        with pytest.raises(BadMachine):
            machines.set_status(unit, row, "lost")


def test_the_machines_of_an_enterprise_come_in_the_order_of_their_names(county: Any) -> None:
    owner = county.enterprise()
    for name in ("b", "c", "a"):
        county.machine(owner, name=name)
    county.machine()
    assert [m.name for m in county.ask(machines.of_enterprise, owner.id)] == ["a", "b", "c"]


TOLD = {
    "mobile": True,
    "category": "逆变直流弧焊机",
    "maker": "演示焊机厂",
    "model": "ZX7-315",
    "serial": "2026-0001",
    "supply": "380",
    "source": "inverter",
    "mains_max_a": 25,
    "max_a": 315,
    "max_w": 11_500,
    "purpose": "车间维修",
    "trade": "门窗框架焊接",
    "keeper": "演示责任人",
    "filled_in_by": "演示填表人",
    "bought_on": "2027-01-05",
    "note": "备注",
}


def test_every_field_of_the_survey_is_kept(either: Any, clock: Any, county: Any) -> None:
    county.ground = either
    phones = {"keeper_phone": "13800000001", "filled_in_by_phone": "02360000000"}
    machine = county.machine(**TOLD, **phones)
    with either.read() as unit:
        kept = machines.get(unit, machine.id)
        assert {name: getattr(kept, name) for name in TOLD} == TOLD
        assert machines.masked_phone(unit, kept, "keeper") == "138****0001"
        assert machines.phone(unit, kept, "filled_in_by") == "02360000000"
        assert "13800000001" not in kept.keeper_sealed


@pytest.mark.parametrize(
    "wrong",
    [
        {"supply": "110"},
        {"source": "steam"},
        {"bought_on": "soon"},
        {"keeper_phone": "12"},
        {"colour": "red"},
        {"district": "9901"},
        {"district": "99010x"},
    ],
)
def test_a_wrong_field_of_the_survey_is_refused(county: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(BadMachine):
        county.machine(**wrong)


def test_a_new_machine_is_to_be_coded_within_fifteen_days(county: Any) -> None:
    today = county.clock.today.date()
    late = county.machine(name="迟", bought_on=county.day(-20))
    new = county.machine(name="新", bought_on=county.day(-10))
    county.machine(name="已赋码", bought_on=county.day(-20), device="HM-990101-0001")
    county.machine(name="别处", bought_on=county.day(-20), district="990102001")
    county.machine(name="旧")
    listed = county.ask(machines.to_be_coded, today, 15, "990101")
    assert [(one.id, days) for one, days in listed] == [(late.id, -5), (new.id, 5)]
