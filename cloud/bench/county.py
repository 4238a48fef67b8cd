"""A made-up province in a few minutes: enterprises, welders with certificates, coded machines.

Everything is made by the registers' own `row` (judged, sealed) and written many at once; names are
plainly made up, numbers have right check digits, district 9901 is nowhere. Terminals' secrets
follow from one seed, so that a load generator in another process need only be told the seed.
"""

import hmac
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from cloud.base.formats import identity_check, uscc_check
from cloud.base.ids import make_code
from cloud.base.unit import Ground, Unit
from cloud.link import positions, terminals
from cloud.registry import certificates, enterprises, machines, people, places

T = TypeVar("T")

ROOT = "9901"
_COUNTIES, _TOWNSHIPS = 12, 8
_BATCH = 5000
_DAY_MS = 86_400_000
_SOUTH, _WEST, _APART, _TOWN = 28.0, 105.0, 0.25, 0.03  # degrees: towns in rows, 25 km apart
MIDDLE = (_SOUTH + _APART, _WEST + _APART)  # latitude and longitude of one of the towns
NAME, SHARED_NAME = "演示人", "王演示"  # everybody's, but for one in a hundred
_WATCHES_PER_MILLE = 300  # fire watches for a thousand welders
_WAITING = 2000  # people who registered and were not let in yet
_TRADES = ("industry", "construction", "special")
_PAPERS = (
    ("emergency", "熔化焊接与热切割作业"),
    ("housing", "建筑焊工"),
    ("market", "金属焊接操作"),
)


@dataclass(frozen=True)
class Size:
    """How many of each; a firm has some five machines."""

    machines: int = 153_000
    welders: int = 280_000

    @property
    def firms(self) -> int:
        return max(1, self.machines // 5)

    @property
    def watches(self) -> int:
        return max(1, self.welders * _WATCHES_PER_MILLE // 1000)


@dataclass(frozen=True)
class Place:
    """One machine with whoever works at it."""

    machine: str
    code: str
    device: str
    welder: str
    watch: str


def secret_of(seed: str, device: str) -> bytes:
    """The 32 bytes of a made-up terminal."""
    return hmac.digest(seed.encode(), device.encode(), "sha256")


def device_of(number: int) -> str:
    return f"HM-{ROOT}00-{number:06}"


def seed(
    ground: Ground,
    size: Size,
    seed: str,
    places_wanted: int,
    say: Callable[[str], None] = lambda text: None,
) -> list[Place]:
    """Make all of it on an empty database; the first so many machines with their people.

    Each kind is one transaction.
    """
    rng = random.Random(seed)
    began = time.monotonic()
    with ground.write() as unit:
        _places(unit)
        firms = [_firm(unit, number) for number in range(size.firms)]
        _in_batches(firms, lambda some: enterprises.add_many(unit, some))
    owners = [(one["id"], one["district"]) for one in firms]
    say(f"{len(owners)} enterprises, {time.monotonic() - began:.0f} s")
    with ground.write() as unit:
        welders = _people(unit, "welder", size.welders, 0, owners)
        watches = _people(unit, "fire_watch", size.watches, size.welders, owners)
        _people(unit, "welder", _WAITING, size.welders + size.watches, owners, "pending")
    say(f"{len(welders) + len(watches)} people, {time.monotonic() - began:.0f} s")
    with ground.write() as unit:
        held = (
            _paper(unit, welders[number], number, firm)
            for number in range(size.welders)
            for firm in [number % size.firms]
        )
        _in_batches(held, lambda some: certificates.add_many(unit, some))
    say(f"{size.welders} certificates, {time.monotonic() - began:.0f} s")
    found = []
    with ground.write() as unit:
        made = (_terminal(unit, device_of(number), seed) for number in range(size.machines))
        _in_batches(made, lambda some: terminals.add_many(unit, some))
        there = (_position(unit, number, rng) for number in range(size.machines))
        _in_batches(there, lambda some: positions.add_many(unit, some))
        codes = _codes(rng, size.machines)
        rows = (
            _machine(unit, n, next(codes), n % size.firms, owners) for n in range(size.machines)
        )
        for number, row in enumerate(_written(rows, lambda some: machines.add_many(unit, some))):
            if number < places_wanted:
                found.append(
                    Place(row["id"], row["code"], row["device"], welders[number], watches[number])
                )
    say(f"{size.machines} machines, {time.monotonic() - began:.0f} s")
    return found


def _in_batches(rows: Iterable[T], write: Callable[[list[T]], object]) -> None:
    for _ in _written(rows, write):
        pass


def _written(rows: Iterable[T], write: Callable[[list[T]], object]) -> Iterator[T]:
    """The rows, each written before it is given."""
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        write(batch)
        yield from batch


def _places(unit: Unit) -> None:
    places.put(unit, ROOT, "青禾市（演示）")
    for county in range(_COUNTIES):
        places.put(unit, f"{ROOT}{county:02}", f"演示县 {county}")
        for township in range(_TOWNSHIPS):
            places.put(
                unit, _township(county + _COUNTIES * township), f"演示镇 {county}-{township}"
            )


def _township(number: int) -> str:
    return f"{ROOT}{number % _COUNTIES:02}{1 + number // _COUNTIES % _TOWNSHIPS:03}"


def _firm(unit: Unit, number: int) -> dict[str, Any]:
    body = f"91990101{number:09}"
    return enterprises.row(
        unit, name=f"演示企业 {number}", uscc=body + uscc_check(body), district=_township(number)
    )


def _people(
    unit: Unit,
    role: str,
    count: int,
    first: int,
    owners: list[tuple[str, str]],
    status: str = "active",
) -> list[str]:
    """The ids. The same number is at the same firm, whatever the role."""
    roles = frozenset({role})

    def rows() -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
        for number in range(count):
            owner, district = owners[number % len(owners)]
            body = _body(first + number)
            yield (
                people.row(
                    unit,
                    name=NAME if number % 100 else SHARED_NAME,
                    login=f"m{first + number}",
                    district=district,
                    roles=roles,
                    enterprise_id=owner,
                    phone=f"138{(first + number) % 10**8:08}",
                    identity=body + identity_check(body),
                    status=status,
                ),
                roles,
            )

    return [
        columns["id"]
        for columns, _roles in _written(rows(), lambda some: people.add_many(unit, some))
    ]


def _body(number: int) -> str:
    """17 digits of an identity number: place, birthday, series."""
    day = 1 + number // 1000 % 28
    return f"99{number // 28_000 % 10**4:04}199001{day:02}{number % 1000:03}"


def _paper(unit: Unit, person: str, number: int, firm: int) -> dict[str, Any]:
    issuer, category = _PAPERS[_TRADES.index(_trade(firm))]
    today = datetime.fromtimestamp(unit.now / 1000, UTC).date()
    return certificates.row(
        unit,
        person,
        issuer=issuer,
        number=f"演示{number:08}",
        category=category,
        valid_from=(today - timedelta(days=700)).isoformat(),
        valid_to=(today + timedelta(days=300 + number % 700)).isoformat(),
        review_by=(today + timedelta(days=200 + number % 90)).isoformat(),
    )


def _codes(rng: random.Random, count: int) -> Iterator[str]:
    known: set[str] = set()
    while len(known) < count:
        code = make_code(f"{ROOT}{len(known) % _COUNTIES:02}", rng)
        if code not in known:
            known.add(code)
            yield code


def _trade(firm: int) -> str:
    return _TRADES[firm % len(_TRADES)]


def _terminal(unit: Unit, device: str, seed: str) -> dict[str, Any]:
    """On line since a minute, and not off line before tomorrow."""
    told = {"online": True, "mode": "idle", "relay": 0, "fw": "0.1.0", "hw": "a7670"}
    times = {"seen_at": unit.now - 60_000, "deadline": unit.now + _DAY_MS}
    return terminals.row(unit, device, secret_of(seed, device), **told, **times)


def _position(unit: Unit, number: int, rng: random.Random) -> dict[str, Any]:
    """Near the middle of the firm's township, as thick as a town is."""
    township = number % (_COUNTIES * _TOWNSHIPS)  # as `_township` has it, firms being many
    lat = _SOUTH + township // _COUNTIES * _APART + rng.gauss(0, _TOWN)
    lng = _WEST + township % _COUNTIES * _APART + rng.gauss(0, _TOWN)
    return positions.row(unit, device_of(number), lat, lng)


def _machine(
    unit: Unit, number: int, code: str, firm: int, owners: list[tuple[str, str]]
) -> dict[str, Any]:
    owner, district = owners[firm]
    return machines.row(
        unit,
        code=code,
        name=f"演示焊机 {number}",
        enterprise_id=owner,
        district=district,
        industry=_trade(firm),
        device=device_of(number),
        fitted_at=unit.now,
        model="ZX7-315",
        serial=f"{number}",
    )
