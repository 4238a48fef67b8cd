"""Made-up rows of each kind, whole and right, to try an import with. District 9901 is nowhere."""

import random
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.formats import identity_check, uscc_check
from cloud.base.ids import make_code
from cloud.base.unit import Unit
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers.fields import BadField

_PHONE = "13800000000"


def rows(unit: Unit, kind: str, count: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """So many rows; what belongs to an enterprise is given to those that are registered, what
    belongs to a person to those of the table of people that the same `rng` makes."""
    first = rng.randrange(10**8)
    numbers = range(first, first + count)
    alone = {"enterprises": _enterprise, "people": _person, "maker": _made, "dates": _date}
    alone |= {"modules": _module, "districts": _place}
    personal = {"certificates": _certificate, "training": _training}
    owned = {"sites": _site, "machines": _machine, "cylinders": _cylinder, "contracts": _contract}
    owned["survey"] = _surveyed
    if one := {**alone, **personal}.get(kind):
        return map(one, numbers)
    owners = list(unit.db.scalars(select(Enterprise.uscc).order_by(Enterprise.uscc).limit(1000)))
    if not owners:
        raise BadField("要先有登记的企业。", "Enterprises are wanted first.")
    return (owned[kind](number, owners[(number - first) % len(owners)]) for number in numbers)


class _Told:
    """A source of chance that tells a number: each number has a code of its own."""

    def __init__(self, number: int) -> None:
        self._number, self._calls = number, 0

    def choice(self, seq: str) -> str:
        turn, place = divmod(self._calls, 7)
        self._calls += 1
        return seq[turn if place == 6 else self._number >> 5 * place & 31]


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


def _surveyed(number: int, owner: str) -> dict[str, Any]:
    told = _machine(number, owner) | {"number": number, "shop": "演示店铺", "purpose": "门窗"}
    return told | {"street": "990101001", "community": "", "note": f"演示 {number}"}


def _place(number: int) -> dict[str, Any]:
    return {"code": f"{990_000_000_000 + number}", "name": f"演示社区 {number}"}


def _module(number: int) -> dict[str, Any]:
    told = {"device": "", "status": "received", "sim_until": "2030-01-04"}
    return told | {
        "chip": f"{number:012x}",
        "insurance": "演示保单",
        "insurance_until": "2029-06-30",
    }


def _certificate(number: int) -> dict[str, Any]:
    return {
        "identity": _person(number)["identity"],
        "issuer": "emergency",
        "number": f"演示{number:08}",
        "category": "熔化焊接与热切割作业",
        "valid_from": "2026-01-05",
        "valid_to": "2032-01-04",
        "review_by": "2029-01-04",
        "status": "normal",
    }


def _training(number: int) -> dict[str, Any]:
    return {
        "identity": _person(number)["identity"],
        "kind": "exam",
        "held_on": "2026-11-05",
        "passed": True,
        "organiser": "演示培训点",
    }


def _contract(number: int, client: str) -> dict[str, Any]:
    return {
        "client": client,
        "kind": "temporary",
        "contractor": "",
        "identity": _person(number)["identity"],
        "starts_on": "2026-11-01",
        "ends_on": "2027-10-31",
        "reference": f"演示合同 {number}",
        "digest": f"{number:064x}",
    }


def _cylinder(number: int, owner: str) -> dict[str, Any]:
    return {
        "code": "",
        "number": f"演示气瓶 {number}",
        "name": "演示氧气瓶",
        "uscc": owner,
        "district": "990101001",
        "industry": "industry",
        "gas": "oxygen",
        "test_by": "2028-05-01",
        "status": "usable",
        "maker": "演示厂",
    }


def _made(number: int) -> dict[str, Any]:
    return {
        "code": make_code("990101", _Told(number)),
        "device": f"HM-990101-{number}",
        "maker": "演示厂",
        "model": "ZX7-315",
        "serial": f"{number}",
        "category": "逆变直流弧焊机",
    }


def _date(number: int) -> dict[str, Any]:
    return {
        "kind": "special-period",
        "name": f"演示活动 {number}",
        "district": "9901",
        "starts_on": "2027-03-01",
        "ends_on": "2027-03-10",
    }
