"""Enrolment: a module that was flashed becomes a terminal of this cloud, by a short-lived code.

The bench makes the secret and brings it; it is kept sealed and never given out again. One chip is
one identity, named after the chip's own address. The same bench may ask again as often as cables
are pulled: the same secret gets the same answer and costs nothing. It asks by the secret's digest
first (`expected`): a secret that another cloud knows is never sent to this one.
"""

import hashlib
import hmac
import secrets
import zlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.link import stock, terminals
from cloud.registry import machines

NOWHERE = "unknown"  # the chain of what belongs to no district: in store, on no machine
HOURS_MAX = 168
TIMES_MAX = 1000
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP = 3, 5
_WANTED = ("category", "supply", "max_a")  # of a machine, before a terminal is made for it


class EnrolmentCode(Base):
    """Who may enrol how many until when. The code itself is not kept, only its keyed hash.

    `renews` = it gives this terminal, and no other module, a fresh secret where it is fitted.
    """

    __tablename__ = "enrolment_code"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    who: Mapped[str]
    made_at: Mapped[int]
    until: Mapped[int]
    times: Mapped[int]
    used: Mapped[int]
    renews: Mapped[str] = mapped_column(default="", server_default="")


@dataclass(frozen=True)
class Enrolled:
    """What the bench writes into the terminal besides the secret. `locked` = its machine may not
    be used: the terminal begins locked."""

    device: str
    server: str
    release_key: str
    locked: bool


@dataclass(frozen=True)
class Expected:
    """Who a chip would be here, and where it would log in. `known` = its secret is here already,
    so that nothing new is wanted of it."""

    device: str
    server: str
    known: bool


@dataclass(frozen=True)
class Refused:
    """Why not: `code-wrong`, `code-expired`, `code-spent`, `enrolled-elsewhere`, `scrapped`,
    `job-open`, `machine-unknown`, `machine-taken` or `machine-incomplete`; `told` = which one, or
    what misses.
    """

    word: str
    told: str = ""


def make(
    unit: Unit, who: str, times: int, hours: int, renews: str = ""
) -> tuple[EnrolmentCode, str]:
    """A code for a person, shown this once; ValueError where it would be too good."""
    if not (1 <= times <= TIMES_MAX and 1 <= hours <= HOURS_MAX and who):
        raise ValueError(f"times {times}, hours {hours}")
    text = "-".join("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    row = EnrolmentCode(
        id=new_id(),
        digest=_digest(unit, text),
        who=who,
        made_at=unit.now,
        until=unit.now + hours * 3_600_000,
        times=times,
        used=0,
        renews=renews,
    )
    unit.db.add(row)
    unit.db.flush()
    return row, text


def listed(unit: Unit) -> list[EnrolmentCode]:
    """All codes, the latest first."""
    return list(unit.db.scalars(select(EnrolmentCode).order_by(EnrolmentCode.made_at.desc())))


def end(unit: Unit, code_id: str) -> bool:
    """The code is good no more, at once; False if there is none."""
    row = unit.db.get(EnrolmentCode, code_id)
    if row is None:
        return False
    row.until = min(row.until, unit.now)
    return True


def expected(
    unit: Unit,
    code: str,
    chip: str,
    digest: str,
    machine_code: str = "",
    *,
    at_work: bool = False,
) -> Expected | Refused:
    """What `enrol` would say to the secret of this SHA-256 (hex; "" = there is none yet). Nothing
    is changed."""
    found = _allowed(unit, code, chip, digest, machine_code, at_work)
    if isinstance(found, Refused):
        return found
    device = device_of(chip)
    return Expected(device, _servers(unit.settings.told_to_terminals, device), found.known)


def enrol(
    unit: Unit,
    code: str,
    chip: str,
    secret: bytes,
    machine_code: str = "",
    kind: str = "",
    *,
    at_work: bool = False,
) -> Enrolled | Refused:
    """Make this chip a terminal with this 32-byte secret, fitted to a machine if one is named.

    kind: what the bench writes it for, `contactor` or `thermal`. `at_work` = a job is open with
    this terminal: what would switch it off is void with the old secret.
    """
    digest = hashlib.sha256(secret).hexdigest()
    found = _allowed(unit, code, chip, digest, machine_code, at_work)
    if isinstance(found, Refused):
        return found
    device = device_of(chip)
    if not found.known:
        found.code.used += 1
        _begin(unit, found.code, device, chip, secret, machine_code)
    terminals.flashed_as(unit, device, kind)
    fitted = _fit(unit, machine_code, device)
    servers = _servers(unit.settings.told_to_terminals, device)
    machine = machines.by_device(unit, device)
    if not found.known or fitted:
        what = "terminal-key-renewed" if found.code.renews else "terminal-enrolled"
        told = {"code": found.code.id, "machine": machine.id if machine else ""}
        place = machine.district if machine else NOWHERE
        audit.write(unit, place, found.code.who, what, device, told)
    locked = machine is not None and machine.status != "usable"
    return Enrolled(device, servers, unit.settings.release_key, locked)


@dataclass(frozen=True)
class _Allowed:
    """By which code; `known` = the cloud has this very secret."""

    code: EnrolmentCode
    known: bool


def _allowed(
    unit: Unit, code: str, chip: str, digest: str, machine_code: str, at_work: bool
) -> _Allowed | Refused:
    right = select(EnrolmentCode).where(EnrolmentCode.digest == _digest(unit, code))
    row = unit.db.scalar(right.with_for_update())
    if row is None:
        return Refused("code-wrong")
    if row.until <= unit.now:
        return Refused("code-expired")
    device = device_of(chip)
    known = terminals.get(unit, device)
    again = known is not None and _same(terminals.secret(unit, device), digest)
    item = stock.get(unit, chip)
    if item and item.state == "scrapped":
        return Refused("scrapped", device)
    active = known is not None and known.status == "active"
    if row.renews and not (active and row.renews == device):
        return Refused("code-wrong")
    works = active and known and not _unused(row, item, known)
    fitted = item and item.state == "installed"  # also where its keys were revoked alone
    if not again and not row.renews and (works or fitted):
        return Refused("enrolled-elsewhere", device)
    if at_work:
        return Refused("job-open", device)
    fault = _machine(unit, machine_code, device)
    if fault:
        return fault
    if not again and row.used >= row.times:
        return Refused("code-spent")
    return _Allowed(row, again)


def device_of(chip: str) -> str:
    """The terminal that this chip is, or will be."""
    return f"HM{chip.upper()}"


def _begin(
    unit: Unit, code: EnrolmentCode, device: str, chip: str, secret: bytes, machine_code: str
) -> None:
    if code.renews and (known := terminals.get(unit, device)):
        terminals.provision(
            unit, device, secret=secret, signed=known.signed, dialect=known.dialect
        )
        return
    terminals.provision(unit, device, secret=secret)
    item = stock.move(unit, chip, "flashed", code.id, machine_code)
    item.device, item.code = device, code.id
    unit.db.flush()


def _servers(told: str, device: str) -> str:
    """The brokers in their order, begun elsewhere for each terminal: so they share the load."""
    every = [one.strip() for one in told.split(",")]
    first = zlib.crc32(device.encode()) % len(every)
    return ",".join(every[first:] + every[:first])


def _unused(code: EnrolmentCode, item: stock.StockItem | None, known: terminals.Terminal) -> bool:
    """A module whose store was erased before it ever worked: the same code may begin anew."""
    fresh = known.login_at is None and item is not None
    return fresh and item.code == code.id and item.state == "flashed"  # type: ignore[union-attr]


def _machine(unit: Unit, code: str, device: str) -> Refused | None:
    if not code:
        return None
    machine = machines.by_code(unit, code)
    if machine is None:
        return Refused("machine-unknown", code)
    if machine.device not in (None, device):
        return Refused("machine-taken", machine.device or "")
    missing = [name for name in _WANTED if not getattr(machine, name)]
    return Refused("machine-incomplete", ", ".join(missing)) if missing else None


def _fit(unit: Unit, code: str, device: str) -> bool:
    """Put it on the machine that is named; False where it is there, or none is."""
    machine = machines.by_code(unit, code) if code else None
    if machine is None or machine.device == device:
        return False
    before = machines.by_device(unit, device)
    if before:
        machines.fit(unit, before, None)
    machines.fit(unit, machine, device)
    return True


def _same(kept: bytes | None, digest: str) -> bool:
    return kept is not None and hmac.compare_digest(hashlib.sha256(kept).hexdigest(), digest)


def _digest(unit: Unit, text: str) -> str:
    plain = "".join(text.split()).replace("-", "").upper()
    return unit.keys.blind(f"enrolment:{plain}")
