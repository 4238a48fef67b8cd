"""Enterprises are known by their credit code."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.registry import enterprises
from cloud.registry.enterprises import BadEnterprise

USCC = "91990101MA0000001Y"


def add(unit: Unit, **given: Any) -> enterprises.Enterprise:
    fields = {"name": "演示机械厂", "uscc": USCC, "district": "990101001"} | given
    return enterprises.add(unit, **fields)


def test_an_enterprise_is_found_by_id_and_by_code_in_any_writing(unit: Unit) -> None:
    enterprise = add(unit)
    assert enterprises.get(unit, enterprise.id) is enterprise
    assert enterprises.by_uscc(unit, f" {USCC.lower()} ") is enterprise
    assert enterprises.by_uscc(unit, "nonsense") is None


@pytest.mark.parametrize("wrong", [{"uscc": USCC[:-1] + "9"}, {"uscc": ""}, {"district": "9901x"}])
def test_a_wrong_field_is_refused(unit: Unit, wrong: dict[str, str]) -> None:
    with pytest.raises(BadEnterprise):
        add(unit, **wrong)


def test_a_credit_code_is_registered_once(unit: Unit) -> None:
    add(unit)
    with pytest.raises(IntegrityError), unit.savepoint():
        add(unit, name="另一家")


def test_the_contact_is_sealed_in_the_database(unit: Unit) -> None:
    enterprise = add(unit, contact="演示人 13800000000")
    assert "13800000000" not in enterprise.contact_sealed
    assert enterprises.contact(unit, enterprise) == "演示人 13800000000"
    assert enterprises.contact(unit, add(unit, uscc="91990101MA00000022")) == ""


def test_an_exempt_enterprise_keeps_the_reason(unit: Unit) -> None:
    enterprise = add(unit)
    assert enterprise.exempt == ""
    enterprises.set_exempt(unit, enterprise, "民爆场所")
    assert enterprise.exempt == "民爆场所"
