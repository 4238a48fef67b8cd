"""Upgrade campaigns: a package goes out in waves, and stops by itself when too many fail.

    running ⇄ paused        running → stopped (too many failed) → running by a person
    running → done          when the last wave is over

A wave is a share of the terminals that need the package, in one district or in all of the
campaign's: a township first, then its county, then everybody. The next wave begins when most of
the one before are over; each is judged by its own failures, so that a bad place does not hide
among many good ones.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, func, literal_column, or_, select
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
JUDGED_FROM = 3  # endings; one bad terminal among many stops no campaign
PIECE = 200  # begun at once: whoever writes a command waits for no more
MOST_WAVES = 50
CONSOLE = "console"
# Spelled out, not bound: PostgreSQL must see that it groups by what it selects.
_COUNTY: Any = literal_column("coalesce(substr(machine.district, 1, 6), '')")
_WRITTEN = re.compile(r"(?:([0-9P]{2,12})[:：])?([0-9]{1,3})%?")


class BadCampaign(ValueError):
    """A campaign that cannot be. `code`: `wave`, `limit`, `district`, `outside`, `rising`, `last`;
    the text says what."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Wave(NamedTuple):
    """`share` in percent of those that need the package in `district`; empty = all that the
    campaign reaches. Written `25`, or `990101:25`."""

    share: int
    district: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """From its written form; BadCampaign."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise BadCampaign("wave", f"no wave: {text.strip()!r}")
        return cls(int(found[2]), found[1] or "")

    @classmethod
    def each(cls, text: str) -> list[Self]:
        """From their written form, commas between them; BadCampaign."""
        return [cls.read(one) for one in re.split("[,，]", text)]


class Rollout(Base):
    """One campaign. `district` empty = everywhere; `waves` = {"waves": [each with `share`,
    `district`, `began_at` (0 = not yet), `meant` = how many it brings, and `forgiven` = failures
    before a person let the campaign go on]}; `wave` = how many have begun; `total` = who needed
    the package when it was started."""

    __tablename__ = "rollout"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    district: Mapped[str]
    waves: Mapped[dict[str, Any]]
    wave: Mapped[int]
    total: Mapped[int]
    stop_percent: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    made_at: Mapped[int]
    state_at: Mapped[int]


def start(
    unit: Unit,
    package: Package,
    waves: Sequence[Wave],
    stop_percent: int,
    district: str = "",
    by: str = CONSOLE,
) -> Rollout:
    """Begin a campaign; its first wave goes out at the next sweep. BadCampaign."""
    _check(waves, stop_percent, district)
    places = {wave.district or district for wave in waves}
    row = Rollout(
        id=new_id(),
        digest=package.digest,
        district=district,
        waves={"waves": [one._asdict() | _NOT_BEGUN for one in waves]},
        wave=0,
        total=_count(unit, _needing(package, *places)),
        stop_percent=stop_percent,
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
        for place, told in enumerate(_waves(unit, row)):
            _write(row, place, forgiven=told["failed"] + told["lost"])
        row.wave = max(0, row.wave - 1)  # who was taken back is counted and asked again
        _state(unit, row, by, "running")


def report(unit: Unit, row: Rollout) -> dict[str, Any]:
    """How it stands, as numbers: in all, by wave, by county of the machines; `reasons` = the
    failures by IoTDA's code."""
    mine = _of(row)
    codes = select(Upgrade.code, func.count()).where(mine, Upgrade.state == "failed")
    machines = select(_COUNTY).select_from(Upgrade).where(mine)
    machines = machines.outerjoin(Machine, Machine.device == Upgrade.device)
    by_county = _counts(unit, machines, _COUNTY)
    waves = _waves(unit, row)
    return {
        "id": row.id,
        "state": row.state,
        "district": row.district,
        "wave": row.wave,
        "total": row.total,
        **{name: sum(one[name] for one in waves) for name in _NOTHING},
        "reasons": {str(code): n for code, n in unit.db.execute(codes.group_by(Upgrade.code))},
        "waves": waves,
        "districts": [{"district": code} | told for code, told in sorted(by_county.items())],
    }


def sweep(unit: Unit) -> int:
    """Look at every running campaign; how many moved. Safe with many workers."""
    rows = select(Rollout).where(Rollout.state == "running").order_by(Rollout.made_at)
    held = rows.with_for_update(skip_locked=True)
    running = unit.db.scalars(held, execution_options={"populate_existing": True}).all()
    return sum(_look(unit, row) for row in running)


# --- the next step ------------------------------------------------------------------------------


def _look(unit: Unit, row: Rollout) -> bool:
    waves = _waves(unit, row)
    package = packages.get(unit, row.digest)
    if package is None or any(_too_many(one, row.stop_percent) for one in waves):
        _hold(unit, row, "system", "stopped")
        return True
    running = waves[row.wave - 1] if row.wave else None
    if running and running["begun"] < running["meant"]:
        return _go_on(unit, row, package, running)
    if running and (running["begun"] - running["open"]) * 100 < ENOUGH_PERCENT * running["begun"]:
        return False
    if running and running["begun"] and not running["done"]:  # nobody has shown that it works
        if running["open"]:
            return False
        _hold(unit, row, "system", "stopped")
        return True
    if row.wave < len(waves):
        _next_wave(unit, row, package, waves[row.wave])
        return True
    if all(one["open"] == 0 for one in waves):
        _state(unit, row, "system", "done")
        return True
    return False


def _too_many(wave: dict[str, Any], stop_percent: int) -> bool:
    """Whether more of this wave failed than may, of those that are over and not forgiven. Who was
    heard of since it was begun and then fell silent for a week may have been killed by it."""
    failed = wave["failed"] + wave["lost"] - wave["forgiven"]
    over = wave["done"] + failed
    return over >= min(JUDGED_FROM, wave["begun"]) and failed * 100 > stop_percent * over


def _next_wave(unit: Unit, row: Rollout, package: Package, wave: dict[str, Any]) -> None:
    """Begin the next wave, or one again that was held; who came meanwhile counts as well."""
    place = wave["district"] or row.district
    had = select(Upgrade.device).where(_of(row), _inside(Upgrade.device, place))
    before = _count(unit, had)
    all_in_need = before + _count(unit, _fresh(row, package, place))
    wave["meant"] = wave["begun"] + max(0, math.ceil(all_in_need * wave["share"] / 100) - before)
    wave["began_at"] = wave["began_at"] or unit.now
    _write(row, row.wave, meant=wave["meant"], began_at=wave["began_at"])
    row.wave += 1
    _note(unit, row, "system", "wave")
    _go_on(unit, row, package, wave)


def _go_on(unit: Unit, row: Rollout, package: Package, wave: dict[str, Any]) -> bool:
    """Begin the next piece of the running wave, if it is time for it; whether it was."""
    if wave["begun"] >= wave["meant"]:
        return False
    piece = min(PIECE, wave["meant"] - wave["begun"])
    soonest = max(0, wave["begun"] + piece - PIECE) * upgrades.SPREAD_MS
    if unit.now < wave["began_at"] + soonest:
        return False
    rows = _fresh(row, package, wave["district"] or row.district).order_by(Terminal.device)
    fresh = unit.db.scalars(rows.limit(piece)).all()
    upgrades.begin(unit, row.id, fresh, package, row.wave)
    if len(fresh) < piece:  # the others have come to it by another way
        _write(row, row.wave - 1, meant=wave["begun"] + len(fresh))
    return True


def _check(waves: Sequence[Wave], stop_percent: int, district: str) -> None:
    if not 0 <= stop_percent <= 100:
        raise BadCampaign("limit", f"the limit is 0 to 100, not {stop_percent}")
    for code in (district, *(wave.district for wave in waves)):
        if code and not districts.valid(code):
            raise BadCampaign("district", f"no district code: {code!r}")
        if code and district and not districts.within(code, district):
            raise BadCampaign("outside", f"{code} does not lie in {district}")
    reached: dict[str, int] = {}
    for wave in waves:
        if not reached.get(wave.district, 0) < wave.share <= 100:
            raise BadCampaign("rising", "the shares of a place rise from above 0 to 100")
        reached[wave.district] = wave.share
    if not 0 < len(waves) <= MOST_WAVES or waves[-1].share != 100:
        raise BadCampaign("last", f"1 to {MOST_WAVES} waves, the last of them with share 100")


# --- who, and how many --------------------------------------------------------------------------

_NOT_BEGUN = {"began_at": 0, "meant": 0, "forgiven": 0}
# By now begun: went well, failed, said nothing for a week (`lost` = those of them that had been
# heard of before), under way; or another came instead.
_NOTHING = {"begun": 0, "done": 0, "failed": 0, "timed_out": 0, "lost": 0, "open": 0}


def _needing(package: Package, *places: str) -> Any:
    """Whom it fits and who runs something else, in one of these places."""
    rows = select(Terminal).where(
        Terminal.status == "active", Terminal.hw == package.hw, Terminal.fw != package.version
    )
    return rows.where(or_(*(_inside(Terminal.device, place) for place in places)))


def _fresh(row: Rollout, package: Package, place: str) -> Any:
    """Those of them to whom neither this campaign has come yet, nor the package otherwise."""
    under_way = (Upgrade.digest == package.digest) & upgrades.IS_OPEN
    had = select(Upgrade.id).where(Upgrade.device == Terminal.device)
    had = had.where(_of(row) | under_way)
    return _needing(package, place).where(~had.exists())


def _of(row: Rollout) -> ColumnElement[bool]:
    """The upgrades of this campaign that were not taken back."""
    return (Upgrade.campaign == row.id) & (Upgrade.state != "withdrawn")


def _inside(device: Any, place: str) -> ColumnElement[bool]:
    if not place:
        return device.is_not(None)
    there = select(Machine.device).where(districts.below(place, Machine.district))
    return device.in_(there.where(Machine.device.is_not(None)))


def _count(unit: Unit, rows: Any) -> int:
    return unit.db.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _waves(unit: Unit, row: Rollout) -> list[dict[str, Any]]:
    """Each wave as it was planned, and how it stands."""
    counts = _counts(unit, select(Upgrade.wave).where(_of(row)), Upgrade.wave)
    plan = enumerate(row.waves["waves"], start=1)
    return [wave | counts.get(place, _NOTHING) for place, wave in plan]


def _counts(unit: Unit, rows: Any, key: Any) -> dict[Any, dict[str, int]]:
    """By this key: how many upgrades began, went well, failed, are open."""
    counts: dict[Any, dict[str, int]] = {}
    heard = Upgrade.told_at.is_not(None)
    grouped = rows.add_columns(Upgrade.state, heard, func.count())
    for one, state, told_of, n in unit.db.execute(grouped.group_by(key, Upgrade.state, heard)):
        told = counts.setdefault(one, dict(_NOTHING))
        told["begun"] += n
        name = "open" if state in upgrades.OPEN else state
        if name in told:
            told[name] += n
        if state == "timed_out" and told_of:
            told["lost"] += n
    return counts


def _write(row: Rollout, place: int, **values: int) -> None:
    """Change what is kept of one wave."""
    waves = [dict(one) for one in row.waves["waves"]]
    waves[place] |= values
    row.waves = {"waves": waves}


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
