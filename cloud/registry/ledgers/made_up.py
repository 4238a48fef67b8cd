"""Made-up rows of each kind, whole and right, to try an import with. District 9901 is nowhere."""

import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.formats import identity_check, uscc_check
from cloud.base.unit import Unit
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers.fields import BadField

_PHONE = "13800000000"


def rows(unit: Unit, kind: str, count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """So many rows; what belongs to an enterprise is given to those that are registered."""
    first = rng.randrange(10**8)
    if kind == "enterprises":
        return (_enterprise(first + number) for number in range(count))
    if kind == "people":
        return (_person(first + number) for number in range(count))
    owners = list(unit.db.scalars(select(Enterprise.uscc).limit(1000)))
    make = {"sites": _site, "machines": _machine}
    if not owners or kind not in make:
        raise BadField(
            "要先有登记的企业；或者这种台账没有样表。",
            "Enterprises are wanted first; or there is no sample of this ledger.",
        )
    return (make[kind](first + number, owners[number % len(owners)]) for number in range(count))


def _enterprise(number: int) -> dict[str, Any]:
    body = f"91990101{number % 10**9:09}"
    return {
        "name": f"演示企业 {number}",
        "uscc": body + uscc_check(body),
        "kind": "micro",
        "scale": "small",
        "principal": "演示负责人",
        "principal_phone": _PHONE,
        "contact": "演示联系人",
        "contact_phone": _PHONE,
        "district": "990101001",
        "crowded_place": "",
        "machines_told": 3,
        "workers_told": 2,
    }


def _person(number: int) -> dict[str, Any]:
    day = 1 + number // 1000 % 28
    body = f"99{number // 28_000 % 10**4:04}199001{day:02}{number % 1000:03}"
    return {
        "name": "演示人",
        "identity": body + identity_check(body),
        "phone": _PHONE,
        "roles": "焊工",
        "uscc": "",
        "district": "990101001",
        "login": "",
        "status": "pending",
    }


def _site(number: int, owner: str) -> dict[str, Any]:
    return {
        "name": f"演示工地 {number}",
        "uscc": owner,
        "district": "990101002",
        "address": "演示路 1 号",
        "licence": "",
        "opens_on": "2027-01-01",
        "closes_on": "2027-12-31",
    }


def _machine(number: int, owner: str) -> dict[str, Any]:
    told = dict.fromkeys(
        ("code", "fitted_on", "working", "maker", "note", "purpose", "bought_on"), ""
    )
    return told | {
        "name": f"演示焊机 {number}",
        "uscc": owner,
        "district": "990101001",
        "industry": "industry",
        "device": None,
        "status": "usable",
        "category": "逆变直流弧焊机",
        "model": "ZX7-315",
        "serial": f"{number}",
        "supply": "380",
        "mains_max_a": 25,
        "max_a": 315,
        "source": "inverter",
        "max_w": 11.5,
        "trade": "门窗框架焊接",
        "mobile": False,
        "keeper": "演示责任人",
        "keeper_phone": _PHONE,
        "filled_in_by": "演示填表人",
        "filled_in_by_phone": _PHONE,
    }
