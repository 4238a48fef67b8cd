"""Enterprises are known by their credit code."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.base.formats import uscc_check
from cloud.base.unit import Ground, Unit
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"uscc": USCC[:-1] + "9"},
        {"uscc": ""},
        {"district": "9901x"},
        {"kind": "club"},
        {"scale": "huge"},
        {"contact_phone": "12"},
    ],
)
def test_a_wrong_field_is_refused(unit: Unit, wrong: dict[str, str]) -> None:
    with pytest.raises(BadEnterprise):
        add(unit, **wrong)


def test_a_credit_code_is_registered_once(unit: Unit) -> None:
    add(unit)
    with pytest.raises(IntegrityError), unit.savepoint():
        add(unit, name="另一家")


def test_telephone_numbers_are_sealed_in_the_database_and_shown_masked(unit: Unit) -> None:
    enterprise = add(unit, contact="演示人", contact_phone="138 0000 0000")
    assert "13800000000" not in enterprise.contact_sealed
    assert enterprises.phone(unit, enterprise, "contact") == "13800000000"
    assert enterprises.masked_phone(unit, enterprise, "contact") == "138****0000"
    assert enterprises.phone(unit, enterprise, "principal") == ""


def test_every_field_of_the_annex_is_kept(either: Ground) -> None:
    told = {
        "kind": "micro",
        "scale": "small",
        "principal": "演示负责人",
        "principal_phone": "023-60000000",
        "contact": "演示联系人",
        "contact_phone": "13800000000",
        "crowded_place": "商场",
        "machines_told": 12,
        "workers_told": 7,
    }
    with either.write() as unit:
        add(unit, **told)
    with either.read() as unit:
        kept = enterprises.by_uscc(unit, USCC)
        assert kept is not None
        assert enterprises.phone(unit, kept, "principal") == "02360000000"
        for name, value in told.items():
            assert name.endswith("phone") or getattr(kept, name) == value


def test_many_are_registered_at_once(either: Ground) -> None:
    bodies = [f"91990101MA{number:07}" for number in range(20)]
    with either.write() as unit:
        rows = [{"name": body, "uscc": body + uscc_check(body)} for body in bodies]
        enterprises.add_many(
            unit, [enterprises.row(unit, district="990101", **one) for one in rows]
        )
    with either.read() as unit:
        assert {code[:17] for code in enterprises.ids_by_uscc(unit)} == set(bodies)


def test_an_exempt_enterprise_keeps_the_reason(unit: Unit) -> None:
    enterprise = add(unit)
    assert enterprise.exempt == ""
    enterprises.set_exempt(unit, enterprise, "民爆场所")
    assert enterprise.exempt == "民爆场所"
