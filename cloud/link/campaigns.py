"""Upgrade campaigns: a package goes out in waves, and stops by itself when too many fail.

    running ⇄ paused        running → stopped (too many failed) → running by a person
    running → done          when the last wave is over

A wave is a share of the terminals that need the package when the campaign begins; the next one
begins when most of those before are over and enough went well.
"""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit
from cloud.link import packages, upgrades
from cloud.link.packages import Package
from cloud.link.terminals import Terminal
from cloud.link.upgrades import Upgrade
from cloud.registry.machines import Machine

ENOUGH_PERCENT = 80  # of a wave is over: the others may be off-line for weeks
JUDGED_FROM = 3  # endings; one bad terminal stops no campaign
CONSOLE = "console"


class BadCampaign(ValueError):
    """Waves must rise to 100, the limit must be 0 to 100, the district a code."""


class Rollout(Base):
    """One campaign. `district` empty = everywhere; `waves` = rising shares in percent, `wave` =
    how many have begun; `forgiven` = failures before a person let a stopped one go on."""

    __tablename__ = "rollout"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    district: Mapped[str]
    waves: Mapped[dict[str, Any]]
    wave: Mapped[int]
    total: Mapped[int]
    stop_percent: Mapped[int]
    forgiven: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    made_at: Mapped[int]
    state_at: Mapped[int]


def start(
    unit: Unit,
    package: Package,
    waves: list[int],
    stop_percent: int,
    district: str = "",
    by: str = CONSOLE,
) -> Rollout:
    """Begin a campaign; its first wave goes out at the next sweep. BadCampaign."""
    rising = waves == sorted(set(waves)) and waves[:1] > [0] and waves[-1:] == [100]
    if not rising or not 0 <= stop_percent <= 100:
        raise BadCampaign("waves rise from above 0 to 100; the limit is 0 to 100")
    if district and not districts.valid(district):
        raise BadCampaign(f"no district code: {district!r}")
    row = Rollout(
        id=new_id(),
        digest=package.digest,
        district=district,
        waves={"percent": waves},
        wave=0,
        total=len(_needing(unit, package, district)),
        stop_percent=stop_percent,
        forgiven=0,
        state="running",
        made_at=unit.now,
        state_at=unit.now,
    )
    unit.db.add(row)
    unit.db.flush()
    _note(unit, row, by, "started")
    return row


def get(unit: Unit, id: str) -> Rollout | None:
    """The campaign, held against other workers."""
    return unit.db.get(Rollout, id, populate_existing=True, with_for_update=True)


def every(unit: Unit) -> list[Rollout]:
    """All of them, the latest first."""
    return list(unit.db.scalars(select(Rollout).order_by(Rollout.made_at.desc(), Rollout.id)))


def pause(unit: Unit, row: Rollout, by: str = CONSOLE) -> None:
    """Nobody is asked any more; who has begun goes on. Only a running one."""
    if row.state == "running":
        _hold(unit, row, by, "paused")


def resume(unit: Unit, row: Rollout, by: str = CONSOLE) -> None:
    """On it goes, also after it stopped: a person has looked at the failures so far."""
    if row.state in ("paused", "stopped"):
        row.forgiven = report(unit, row)["failed"]
        row.wave = max(0, row.wave - 1)  # who was not asked yet is asked again
        _state(unit, row, by, "running")


def report(unit: Unit, row: Rollout) -> dict[str, Any]:
    """How it stands, as numbers; `reasons` = the failures by IoTDA's code."""
    rows = select(Upgrade.state, Upgrade.code, func.count()).where(Upgrade.campaign == row.id)
    counts = list(unit.db.execute(rows.group_by(Upgrade.state, Upgrade.code)))
    by = {state: sum(n for s, _c, n in counts if s == state) for state in ("done", "failed")}
    begun = sum(n for _s, _c, n in counts)
    return {
        "id": row.id,
        "state": row.state,
        "district": row.district,
        "waves": row.waves["percent"],
        "wave": row.wave,
        "total": row.total,
        "begun": begun,
        **by,
        "open": begun - sum(by.values()),
        "reasons": {str(code): n for state, code, n in counts if state == "failed"},
    }


def sweep(unit: Unit) -> int:
    """Look at every running campaign; how many moved. Safe with many workers."""
    rows = select(Rollout).where(Rollout.state == "running").order_by(Rollout.made_at)
    held = rows.with_for_update(skip_locked=True)
    running = unit.db.scalars(held, execution_options={"populate_existing": True}).all()
    return sum(_look(unit, row) for row in running)


def _look(unit: Unit, row: Rollout) -> bool:
    told = report(unit, row)
    failed = told["failed"] - row.forgiven
    over = told["done"] + failed
    if over >= min(JUDGED_FROM, told["begun"]) and failed * 100 > row.stop_percent * over:
        _hold(unit, row, "system", "stopped")
        return True
    if (told["done"] + told["failed"]) * 100 < ENOUGH_PERCENT * told["begun"]:
        return False
    if row.wave < len(row.waves["percent"]):
        _next_wave(unit, row, told["begun"])
        return True
    if told["open"] == 0:
        _state(unit, row, "system", "done")
        return True
    return False


def _next_wave(unit: Unit, row: Rollout, begun: int) -> None:
    package = packages.get(unit, row.digest)
    if package is None:
        _state(unit, row, "system", "stopped")
        return
    share = row.waves["percent"][row.wave]
    row.wave += 1
    last = row.wave == len(row.waves["percent"])
    # The last wave takes who came meanwhile as well.
    room = None if last else max(0, -(-row.total * share // 100) - begun)
    had = set(unit.db.scalars(select(Upgrade.device).where(Upgrade.campaign == row.id)))
    fresh = [one for one in _needing(unit, package, row.district) if one.device not in had]
    upgrades.begin(unit, row.id, fresh[:room], package)
    _note(unit, row, "system", "wave")


def _needing(unit: Unit, package: Package, district: str) -> list[Terminal]:
    rows = select(Terminal).where(
        Terminal.status == "active", Terminal.hw == package.hw, Terminal.fw != package.version
    )
    if district:
        inside = select(Machine.device).where(districts.below(district, Machine.district))
        rows = rows.where(Terminal.device.in_(inside))
    return list(unit.db.scalars(rows.order_by(Terminal.device)))


def _hold(unit: Unit, row: Rollout, actor: str, state: str) -> None:
    upgrades.withdraw(unit, row.id)
    _state(unit, row, actor, state)


def _state(unit: Unit, row: Rollout, actor: str, state: str) -> None:
    row.state, row.state_at = state, unit.now
    _note(unit, row, actor, state)


def _note(unit: Unit, row: Rollout, actor: str, what: str) -> None:
    unit.db.flush()
    told = {"digest": row.digest, "wave": row.wave, "total": row.total}
    audit.write(unit, row.district, actor, f"campaign-{what}", row.id, told)
