"""A made-up county to look around in: 青禾县（演示）, district 990101, which does not exist.

`seed` makes it once and finds it again at every later start; whatever would rot (certificates,
permits) is renewed relative to today. Passwords, second factors and terminal secrets are random
for each installation and stand only in {data_dir}/demo.json, readable by its owner alone.
"""

import json
import random
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cloud.base import files
from cloud.base.clock import china_day
from cloud.base.formats import uscc_check
from cloud.base.unit import Ground, Unit
from cloud.link import terminals
from cloud.registry import (
    accounts,
    certificates,
    contracts,
    enterprises,
    factors,
    machines,
    people,
    pins,
    places,
    training,
)
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import permits, profiles

COUNTY = "990101"
PLACES = {
    COUNTY: "青禾县（演示）",
    f"{COUNTY}001": "河湾镇（演示）",
    f"{COUNTY}002": "石桥镇（演示）",
}
_FILE = "demo.json"
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"
_ON_SITE = ("welder", "fire_watch")
_WELDING = "熔化焊接与热切割作业"


@dataclass(frozen=True)
class _Firm:
    name: str
    body: str  # the credit code less its check character
    place: str
    industry: str


@dataclass(frozen=True)
class _Paper:
    """One certificate; days are counted from today, negative = past."""

    issuer: str
    category: str
    days: int
    review_days: int | None = None  # None = no further review before the end
    status: str = "normal"


@dataclass(frozen=True)
class _Somebody:
    login: str
    name: str
    role: str
    firm: int | None  # index into _FIRMS
    note: str
    papers: tuple[_Paper, ...] = ()


_FIRMS = (
    _Firm("演示机械一厂", "91990101MA000001X", f"{COUNTY}001", "industry"),
    _Firm("演示建筑二公司", "91990101MA0000023", f"{COUNTY}002", "construction"),
    _Firm("演示锅炉三厂", "91990101MA0000034", f"{COUNTY}002", "special"),
)
_GOOD = (
    _Paper("emergency", _WELDING, 900, 500),
    _Paper("housing", "建筑焊工", 500),
    _Paper("market", "金属焊接操作", 800, 800),
)
_PEOPLE = (
    _Somebody("welder1", "演示焊工甲", "welder", 0, "证件有效，三个行业都可以焊", _GOOD),
    _Somebody(
        "welder2",
        "演示焊工乙",
        "welder",
        0,
        "证件已过期",
        (_Paper("emergency", _WELDING, -30),),
    ),
    _Somebody(
        "welder3",
        "演示焊工丙",
        "welder",
        0,
        "证件快到期（18 天）",
        (_Paper("emergency", _WELDING, 18),),
    ),
    _Somebody(
        "welder4",
        "演示焊工丁",
        "welder",
        0,
        "证件被暂停",
        (_Paper("emergency", _WELDING, 700, 300, "suspended"),),
    ),
    _Somebody(
        "welder5",
        "演示焊工戊",
        "welder",
        0,
        "证件不是焊接类（高处作业）",
        (_Paper("emergency", "高处作业", 700, 300),),
    ),
    _Somebody("watch1", "演示监护子", "fire_watch", 0, "演示机械一厂的监护人"),
    _Somebody("watch2", "演示监护丑", "fire_watch", 1, "演示建筑二公司的监护人"),
    _Somebody("tech1", "演示安装员", "technician", None, "安装人员，培训考试合格"),
    _Somebody("firm1", "演示企业员一", "enterprise", 0, "演示机械一厂的管理员"),
    _Somebody("firm2", "演示企业员二", "enterprise", 1, "演示建筑二公司的管理员"),
    _Somebody("officer1", "演示监管员", "officer", None, "青禾县（演示）的监管人员"),
    _Somebody("office1", "演示运维员", "office", None, "平台运维"),
)
# The last one is not coded yet: it has no terminal.
_MACHINES = (
    ("一号焊机", 0, "手工弧焊机", "机械加工"),
    ("二号焊机", 0, "气体保护焊机", "机械加工"),
    ("三号焊机", 1, "手工弧焊机", "建筑施工"),
    ("四号焊机", 2, "氩弧焊机", "锅炉安装"),
)
_TERMINALS = 3
_APPROVERS = ("firm1", "firm2")
_PERMIT_H = 72  # GB 30871-2022, 5.1.5: second class
_RENEW_H = 24


def seed(ground: Ground) -> dict[str, Any]:
    """Make or find the county; what to log in and connect with, as written to demo.json.

    `{"people": [{login, password, factor, pin, name, role, note}], "machines": [{code, name,
    device, enterprise}], "terminals": [{device, secret (hex), code}], "spare": {device, secret}}`;
    `factor` = the second factor's secret (base32), empty where the role needs none, as is `pin`.
    """
    path = Path(ground.settings.data_dir) / _FILE
    known = _known(path)
    with ground.write() as unit:
        for code, name in PLACES.items():
            places.put(unit, code, name)
        firms = [_firm(unit, firm) for firm in _FIRMS]
        county = {
            "people": [_somebody(unit, one, firms, known.get(one.login, {})) for one in _PEOPLE],
            "machines": [],
            "terminals": [],
        }
        for number, (name, firm, category, trade) in enumerate(_MACHINES, 1):
            told = {"category": category, "trade": trade}
            machine = _machine(unit, name, firms[firm], _FIRMS[firm].industry, **told)
            if number <= _TERMINALS:
                county["terminals"].append(_terminal(unit, machine, f"HM-{COUNTY}-{number:04}"))
            county["machines"].append(
                {
                    "code": machine.code,
                    "name": machine.name,
                    "device": machine.device or "",
                    "enterprise": firms[firm].name,
                }
            )
        county["spare"] = _spare(unit)
        _hire(unit, firms)
        _permits(unit)
        # Before the commit: passwords that stand nowhere would lock everybody out.
        files.put(path, json.dumps(county, ensure_ascii=False, indent=1).encode())
    return county


def _firm(unit: Unit, firm: _Firm) -> Enterprise:
    uscc = firm.body + uscc_check(firm.body)
    return enterprises.by_uscc(unit, uscc) or enterprises.add(
        unit, name=firm.name, uscc=uscc, district=firm.place
    )


def _somebody(
    unit: Unit, one: _Somebody, firms: list[Enterprise], known: dict[str, str]
) -> dict[str, str]:
    password = known.get("password", "")
    firm = None if one.firm is None else firms[one.firm]
    person = people.by_login(unit, one.login)
    if person is None or not password:
        person = person or people.add(
            unit,
            name=one.name,
            login=one.login,
            district=firm.district if firm else COUNTY,
            roles={one.role},
            enterprise_id=firm.id if firm else None,
            status="active",
        )
        password = password or "".join(secrets.choice(_READABLE) for _ in range(10))
        accounts.set_password(unit, person.id, password)
    for number, paper in enumerate(one.papers):
        _paper(unit, person, f"演示-{one.login}-{number}", paper)
    if one.role == "technician":
        _trained(unit, person)
    factor = known.get("factor", "")
    if one.role in factors.COMPULSORY and not (factor and factors.in_force(unit, person.id)):
        factor = factors.secret_text(factors.begin(unit, person))
    pin = known.get("pin", "")
    if one.role in _ON_SITE and not pin:
        pin = _pin(unit, person)
    return {
        "login": one.login,
        "password": password,
        "factor": factor,
        "pin": pin,
        "name": one.name,
        "role": one.role,
        "note": one.note,
    }


def _pin(unit: Unit, person: Person) -> str:
    """A fresh PIN that nobody would guess first."""
    while True:
        drawn = f"{secrets.randbelow(10**pins.DIGITS):0{pins.DIGITS}}"
        with suppress(pins.WeakPin):
            pins.put(unit, person.id, drawn, session="")
            return drawn


def _paper(unit: Unit, person: Person, number: str, paper: _Paper) -> None:
    today = china_day(unit.now)

    def day(offset: int) -> str:
        return (today + timedelta(days=offset)).isoformat()

    certificates.record(
        unit,
        person.id,
        issuer=paper.issuer,
        number=number,
        category=paper.category,
        valid_from=day(paper.days - 6 * 365),
        valid_to=day(paper.days),
        review_by="" if paper.review_days is None else day(paper.review_days),
        status=paper.status,
    )


def _trained(unit: Unit, person: Person) -> None:
    """A passed exam, renewed before it is half a year old."""
    today = china_day(unit.now)
    passed = training.last_passed(unit, person.id)
    if passed is None or (today - passed).days > training.GOOD_DAYS - 30:
        told = {"kind": "exam", "held_on": today.isoformat(), "passed": True}
        row = training.training_row(person.id, organiser=PLACES[COUNTY], **told)
        training.add_trainings(unit, [row])


def _machine(unit: Unit, name: str, firm: Enterprise, industry: str, **told: str) -> Machine:
    for machine in machines.of_enterprise(unit, firm.id):
        if machine.name == name:
            return machine
    return machines.add(
        unit,
        name=name,
        enterprise_id=firm.id,
        district=firm.district,
        industry=industry,
        bought_on=china_day(unit.now).isoformat(),
        rng=random.SystemRandom(),
        **told,
    )


def _terminal(unit: Unit, machine: Machine, device: str) -> dict[str, str]:
    """Make the terminal and fit it, or find it; no secret if somebody revoked it."""
    if terminals.get(unit, device) is None:
        terminals.provision(unit, device)
        machines.fit(unit, machine, device)
    return {"device": device, "secret": _secret(unit, device), "code": machine.code}


def _spare(unit: Unit) -> dict[str, str]:
    """A terminal in stock, on no machine: its account is free for measurements."""
    device = f"HM-{COUNTY}-9999"
    if terminals.get(unit, device) is None:
        terminals.provision(unit, device)
    return {"device": device, "secret": _secret(unit, device)}


def _secret(unit: Unit, device: str) -> str:
    return (terminals.secret(unit, device) or b"").hex()


def _permits(unit: Unit) -> None:
    """A permit for every enterprise that has somebody to approve it, if the profile asks."""
    if profiles.load(unit.settings.profile).permit == "no":
        return
    welder = people.by_login(unit, _PEOPLE[0].login)
    for login in _APPROVERS:
        approver = people.by_login(unit, login)
        renew_at = unit.now + _RENEW_H * 3_600_000
        known = permits.of_enterprise(unit, approver.enterprise_id)
        if any(one.approved_at and one.window_to > renew_at for one in known):
            continue
        asked = permits.ask(
            unit,
            welder,
            enterprise_id=approver.enterprise_id,
            grade="second",
            window_from=unit.now,
            window_to=unit.now + _PERMIT_H * 3_600_000,
        )
        permits.approve(unit, asked, approver)


def _hire(unit: Unit, firms: list[Enterprise]) -> None:
    """welder1 works for the other enterprises too: contract and confirmed briefing."""
    welder = people.by_login(unit, _PEOPLE[0].login)
    today = china_day(unit.now)
    known = {one.client_id: one for one in contracts.of_welder(unit, welder)}
    for client in firms[1:]:
        held = known.get(client.id)
        if held is not None and held.ends_on > (today + timedelta(days=1)).isoformat():
            continue
        made = contracts.add(
            unit,
            client_id=client.id,
            person_id=welder.id,
            kind="temporary",
            starts_on=today.isoformat(),
            ends_on=(today + timedelta(days=365)).isoformat(),
            digest=sha256("演示安全协议".encode()).hexdigest(),
            reference="演示合同",
        )
        told = contracts.brief(unit, made, welder, welder, "演示：周围有可燃物，先清理再作业")
        contracts.confirm(unit, told)


def _known(path: Path) -> dict[str, dict[str, str]]:
    """What was made at an earlier start, by login."""
    try:
        return {one["login"]: one for one in json.loads(path.read_text("utf-8"))["people"]}
    except FileNotFoundError:
        return {}
