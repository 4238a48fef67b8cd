"""Platforms 对接平台: other systems that report for their enterprises (CQ annex 2.3(2)).

A platform signs with a key of its own; it sees its enterprises and nothing else. A secret is told
once and kept sealed.
"""

import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ForeignKey, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.registry import enterprises

_PURPOSE = "platform.secret"
_NAME_MAX = 64


class BadPlatform(ValueError):
    """A name, credit code or network does not hold; the text says which."""


class Platform(Base):
    """One platform. `networks` = where it may call from (CIDR), empty = from anywhere.

    `status` = active | revoked.
    """

    __tablename__ = "platform"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    networks: Mapped[list[str]]
    status: Mapped[str]
    made_at: Mapped[int]


class PlatformEnterprise(Base):
    """An enterprise for which the platform reports."""

    __tablename__ = "platform_enterprise"

    platform_id: Mapped[str] = mapped_column(ForeignKey("platform.id"), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"), primary_key=True)


class PlatformKey(Base):
    """One key. `ends_at` = no longer good from then (None = good), `seen_at` = last used."""

    __tablename__ = "platform_key"

    id: Mapped[str] = mapped_column(primary_key=True)
    platform_id: Mapped[str] = mapped_column(ForeignKey("platform.id"), index=True)
    secret_sealed: Mapped[str]
    made_at: Mapped[int]
    ends_at: Mapped[int | None]
    seen_at: Mapped[int | None]


@dataclass(frozen=True)
class Known:
    """A platform as its key shows it. Never shows the secret in its repr."""

    id: str
    name: str
    key: str
    networks: tuple[str, ...]
    secret: bytes

    def __repr__(self) -> str:
        return f"<Known {self.id}>"

    def may_call_from(self, address: str) -> bool:
        """Whether this address lies in one of its networks; what is no address does not."""
        if not self.networks:
            return True
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        caller = getattr(caller, "ipv4_mapped", None) or caller
        return any(caller in ipaddress.ip_network(network) for network in self.networks)


def add(unit: Unit, name: str, usccs: Collection[str], networks: Collection[str] = ()) -> Platform:
    """Register a platform for these enterprises; BadPlatform. It has no key yet."""
    if not 0 < len(name.strip()) <= _NAME_MAX or by_name(unit, name.strip()) is not None:
        raise BadPlatform(f"name {name!r} is empty, too long, or taken")
    platform = Platform(
        id=new_id(),
        name=name.strip(),
        networks=[_network(one) for one in networks],
        status="active",
        made_at=unit.now,
    )
    unit.db.add(platform)
    unit.db.flush()
    set_enterprises(unit, platform, usccs)
    return platform


def set_enterprises(unit: Unit, platform: Platform, usccs: Collection[str]) -> None:
    """From now on it reports for these; BadPlatform if one is not registered, or none is given."""
    found = {code: enterprises.by_uscc(unit, code) for code in usccs}
    missing = sorted(code for code, one in found.items() if one is None)
    if missing or not found:
        raise BadPlatform(f"no such enterprise: {', '.join(missing) or '(none given)'}")
    unit.db.execute(
        delete(PlatformEnterprise).where(PlatformEnterprise.platform_id == platform.id)
    )
    ids = {one.id for one in found.values() if one is not None}
    unit.db.add_all(
        PlatformEnterprise(platform_id=platform.id, enterprise_id=id) for id in sorted(ids)
    )
    unit.db.flush()


def new_key(unit: Unit, platform: Platform, overlap_s: int = 0) -> tuple[str, str]:
    """A fresh key: its name and its secret, this once. Older keys end after `overlap_s`."""
    ends = unit.now + overlap_s * 1000
    older = (PlatformKey.ends_at.is_(None)) | (PlatformKey.ends_at > ends)
    unit.db.execute(
        update(PlatformKey)
        .where(PlatformKey.platform_id == platform.id, older)
        .values(ends_at=ends)
    )
    id, secret = f"hm{secrets.token_hex(8)}", secrets.token_hex(32)
    unit.db.add(
        PlatformKey(
            id=id,
            platform_id=platform.id,
            secret_sealed=unit.keys.seal(secret.encode(), _PURPOSE),
            made_at=unit.now,
        )
    )
    unit.db.flush()
    return id, secret


def revoke(unit: Unit, platform: Platform) -> None:
    """Nothing is taken from it any more, whatever its key."""
    platform.status = "revoked"
    new_ends = update(PlatformKey).where(PlatformKey.platform_id == platform.id)
    unit.db.execute(
        new_ends.where(or_(PlatformKey.ends_at.is_(None), PlatformKey.ends_at > unit.now)).values(
            ends_at=unit.now
        )
    )
    unit.db.flush()


def by_name(unit: Unit, name: str) -> Platform | None:
    return unit.db.scalar(select(Platform).where(Platform.name == name))


def known(unit: Unit, key: str) -> Known | None:
    """Whose key this is, while both are good."""
    rows = select(PlatformKey, Platform).join(Platform, Platform.id == PlatformKey.platform_id)
    found = unit.db.execute(rows.where(PlatformKey.id == key, Platform.status == "active")).first()
    if found is None:
        return None
    row, platform = found
    if row.ends_at is not None and row.ends_at <= unit.now:
        return None
    secret = unit.keys.open(row.secret_sealed, _PURPOSE)
    return Known(platform.id, platform.name, key, tuple(platform.networks), secret)


def seen(unit: Unit, key: str) -> None:
    """The key was used just now."""
    row = unit.db.get_one(PlatformKey, key)
    row.seen_at = unit.now


def enterprise_ids(unit: Unit, platform_id: str) -> frozenset[str]:
    """The enterprises that it sees."""
    rows = select(PlatformEnterprise.enterprise_id)
    return frozenset(unit.db.scalars(rows.where(PlatformEnterprise.platform_id == platform_id)))


def some_enterprises(unit: Unit, platform_id: str, most: int) -> tuple[list[str], bool]:
    """At most so many of them, and whether there are more."""
    rows = select(PlatformEnterprise.enterprise_id)
    mine = rows.where(PlatformEnterprise.platform_id == platform_id).limit(most + 1)
    found = list(unit.db.scalars(mine))
    return found[:most], len(found) > most


def sees(unit: Unit, platform_id: str, enterprise_id: str) -> bool:
    """Whether this enterprise is one of them."""
    return unit.db.get(PlatformEnterprise, (platform_id, enterprise_id)) is not None


def every(unit: Unit) -> list[tuple[Platform, list[PlatformKey]]]:
    """All platforms with their keys, by name."""
    keys = select(PlatformKey).order_by(PlatformKey.made_at, PlatformKey.id)
    by_platform: dict[str, list[PlatformKey]] = {}
    for key in unit.db.scalars(keys):
        by_platform.setdefault(key.platform_id, []).append(key)
    rows = unit.db.scalars(select(Platform).order_by(Platform.name))
    return [(one, by_platform.get(one.id, [])) for one in rows]


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise BadPlatform(f"no network: {error}") from error
