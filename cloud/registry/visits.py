"""Signed requests of platforms: a nonce is good once, and requests are counted.

In the database, so that several web processes share both.
"""

from dataclasses import dataclass

from sqlalchemy import Index, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.registry import platforms
from cloud.registry.platforms import Known

WINDOW_MS = 60_000


class PlatformVisit(Base):
    """One request that was taken. `id` = key:nonce."""

    __tablename__ = "platform_visit"

    id: Mapped[str] = mapped_column(primary_key=True)
    platform_id: Mapped[str]
    at: Mapped[int] = mapped_column(index=True)


Index("ix_platform_visit_platform", PlatformVisit.platform_id, PlatformVisit.at)


@dataclass(frozen=True)
class NotTaken:
    """`why` = replayed | often; `wait_s` = when to come again."""

    why: str
    wait_s: int = 0


def take(unit: Unit, caller: Known, nonce: str) -> NotTaken | None:
    """Count a request whose signature was good; what is not taken leaves no trace."""
    id = f"{caller.key}:{nonce}"
    if unit.db.get(PlatformVisit, id) is not None:
        return NotTaken("replayed")
    since = unit.now - WINDOW_MS
    mine = PlatformVisit.platform_id == caller.id
    count, first = unit.db.execute(
        select(func.count(), func.min(PlatformVisit.at)).where(mine, PlatformVisit.at > since)
    ).one()
    if count >= unit.settings.platform_rate:
        return NotTaken("often", max(1, (first - since + 999) // 1000))
    try:
        with unit.savepoint():
            unit.db.add(PlatformVisit(id=id, platform_id=caller.id, at=unit.now))
    except IntegrityError:  # the same nonce at the same moment
        return NotTaken("replayed")
    platforms.seen(unit, caller.key)
    return None


def sweep(unit: Unit) -> int:
    """Forget what lies before the time in which a signature is good; how many."""
    before = unit.now - 2 * unit.settings.platform_skew_s * 1000 - WINDOW_MS
    old = select(PlatformVisit.id).where(PlatformVisit.at < before).limit(500)
    ids = list(unit.db.scalars(old))
    if ids:
        unit.db.execute(delete(PlatformVisit).where(PlatformVisit.id.in_(ids)))
    return len(ids)
