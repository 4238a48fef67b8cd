"""Construction sites belong to an enterprise."""

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Ground, Unit
from cloud.registry import enterprises, sites
from cloud.registry.sites import BadSite, Site

USCC = "91990101MA0000001Y"


def add(unit: Unit, **given: Any) -> Site:
    firm = enterprises.by_uscc(unit, USCC) or enterprises.add(
        unit, name="演示建筑公司", uscc=USCC, district="990101"
    )
    return sites.add(
        unit, **{"enterprise_id": firm.id, "name": "演示一号楼", "district": "990101002"} | given
    )


def test_a_site_is_found_with_its_enterprise(either: Ground) -> None:
    with either.write() as unit:
        site = add(unit, opens_on="2027-01-01", closes_on="2027-12-31", licence="演施 1 号")
    with either.read() as unit:
        assert [one.id for one in sites.of_enterprise(unit, site.enterprise_id)] == [site.id]
        assert sites.get(unit, site.id) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"district": "x"},
        {"opens_on": "soon"},
        {"opens_on": "2027-02-01", "closes_on": "2027-01-01"},
    ],
)
def test_a_wrong_field_is_refused(unit: Unit, wrong: dict[str, str]) -> None:
    with pytest.raises(BadSite):
        add(unit, **wrong)


def test_a_name_is_given_once_in_an_enterprise(unit: Unit) -> None:
    add(unit)
    with pytest.raises(IntegrityError), unit.savepoint():
        add(unit)


def test_an_exempt_site_keeps_the_reason(unit: Unit) -> None:
    site = add(unit)
    sites.set_exempt(unit, site, "涉密场所")
    assert site.exempt == "涉密场所"
