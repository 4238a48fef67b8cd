"""The county of a trial: two townships with a firm each, machines, people, and who may not."""

import random
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cloud.base.clock import china_day
from cloud.base.formats import uscc_check
from cloud.base.unit import Ground, Unit
from cloud.link import terminals
from cloud.registry import (
    accounts,
    certificates,
    enterprises,
    factors,
    machines,
    people,
    pins,
    places,
    platforms,
)

COUNTY = "990101"
TOWNSHIPS = (f"{COUNTY}001", f"{COUNTY}002")
_WELDING = "熔化焊接与热切割作业"


@dataclass(frozen=True)
class Stage:
    """`pairs`, `group` as simulator/trial/people.py wants them; `terminals` = secrets by device;
    `officers` = [login, password, factor] by district; `register` = what the certificates' issuer
    answers, by number; `machines` = district by code; `looks` = district by officer's login."""

    pairs: list[dict[str, Any]]
    group: dict[str, Any]
    terminals: dict[str, str]
    officers: dict[str, list[str]]
    register: dict[str, dict[str, Any]]
    machines: dict[str, str]
    looks: dict[str, str]
    giving: dict[str, Any]


def make(ground: Ground, pairs: int, seed: int) -> Stage:
    """All of it, on an empty database."""
    made = _Maker(random.Random(seed))
    with ground.write() as unit:
        places.put(unit, COUNTY, "青禾县（演示）")
        firms = [made.firm(unit, place) for place in TOWNSHIPS]
        for number in range(pairs):
            made.pair(unit, firms[number % len(firms)])
        made.the_group(unit, firms[0])
        made.the_givers(unit, firms[0])
        for place in TOWNSHIPS:
            made.officers[place] = made.person(unit, {"officer"}, place)
    return Stage(
        made.pairs,
        made.group,
        made.terminals,
        made.officers,
        made.register,
        made.machines,
        made.looks,
        made.giving,
    )


class _Maker:
    def __init__(self, rng: random.Random) -> None:
        self._rng, self._count = rng, 0
        self.pairs: list[dict[str, Any]] = []
        self.group: dict[str, Any] = {}
        self.terminals: dict[str, str] = {}
        self.officers: dict[str, list[str]] = {}
        self.register: dict[str, dict[str, Any]] = {}
        self.machines: dict[str, str] = {}
        self.looks: dict[str, str] = {}
        self.giving: dict[str, Any] = {}

    def firm(self, unit: Unit, place: str) -> Any:
        places.put(unit, place, f"演示镇 {place[-1]}")
        body = f"91990101MA000{self._next():04}"
        uscc = body + uscc_check(body)
        return enterprises.add(unit, name="演示厂", uscc=uscc, district=place)

    def pair(self, unit: Unit, firm: Any) -> None:
        found = self._machine(unit, firm)
        welder, watch = self._welder(unit, firm), self.person(unit, {"fire_watch"}, firm=firm)
        self.pairs.append(found | {"welder": welder, "watch": watch})

    def the_group(self, unit: Unit, firm: Any) -> None:
        """One phone with two accounts, an expired certificate, an officer of elsewhere."""
        phone = "13800000001"
        self.group = self._machine(unit, firm) | {
            "victim": self.pairs[0]["code"],
            "welder": self._welder(unit, firm, phone=phone),
            "other": self.person(unit, {"fire_watch"}, firm=firm, phone=phone),
            "expired": self._welder(unit, firm, days=-30),
            "far": self.person(unit, {"officer"}, TOWNSHIPS[1]),
        }

    def the_givers(self, unit: Unit, firm: Any) -> None:
        """Who hands things in (simulator/trial/giving.py); their terminal has no line."""
        device, welder = self._machine(unit, firm)["device"], self._welder(unit, firm)
        office = self.person(unit, {"office"}, COUNTY)
        del self.looks[office[0]]  # sees all
        holder = people.by_login(unit, welder[0])
        assert holder
        platform = platforms.add(unit, "演示平台", [firm.uscc])
        key, secret = platforms.new_key(unit, platform)
        self.giving = {
            "welder": welder,
            "carrier": self.person(unit, {"fire_watch"}, firm=firm),
            "office": office,
            "device": device,
            "terminal": self.terminals.pop(device),
            "person": holder.id,
            "key": key,
            "secret": secret,
        }

    def person(
        self, unit: Unit, roles: set[str], place: str = "", firm: Any = None, **more: Any
    ) -> list[str]:
        """[login, password], with the factor's secret and the PIN where the role needs them."""
        login, password = f"p{self._next()}", secrets.token_hex(8)
        one = people.add(
            unit,
            name="演示人",
            login=login,
            roles=roles,
            district=place or firm.district,
            enterprise_id=firm.id if firm else None,
            status="active",
            **more,
        )
        accounts.set_password(unit, one.id, password)
        if not roles & factors.COMPULSORY:
            pin = f"27{secrets.randbelow(10_000):04}"
            pins.put(unit, one.id, pin, session="")
            return [login, password, "", pin]
        self.looks[login] = place
        return [login, password, factors.secret_text(factors.begin(unit, one))]

    def _welder(self, unit: Unit, firm: Any, days: int = 300, **more: Any) -> list[str]:
        found = self.person(unit, {"welder"}, firm=firm, **more)
        today, number = china_day(unit.now), f"演示{self._next():05}"
        paper = {
            "category": _WELDING,
            "valid_from": (today - timedelta(days=900)).isoformat(),
            "valid_to": (today + timedelta(days=days)).isoformat(),
            "review_by": "",
            "status": "normal",
        }
        holder = people.by_login(unit, found[0])
        assert holder
        certificates.record(unit, holder.id, issuer="emergency", number=number, **paper)
        self.register[number] = {"found": True} | paper
        return found

    def _machine(self, unit: Unit, firm: Any) -> dict[str, Any]:
        device = f"HM-{COUNTY}-{self._next():04}"
        self.terminals[device] = terminals.provision(unit, device).hex()
        machine = machines.add(
            unit,
            name="演示焊机",
            enterprise_id=firm.id,
            district=firm.district,
            industry="industry",
            rng=self._rng,
        )
        machines.fit(unit, machine, device)
        self.machines[machine.code] = firm.district
        return {"code": machine.code, "device": device}

    def _next(self) -> int:
        self._count += 1
        return self._count
